// What went wrong, in words a reader can act on: the server's own message, and what to do about it.
import type { WireError } from './types';

/** A failed request. Plain data, so that it can be stored beside the answer it replaces. */
export interface Failure {
  /** `offline`: nobody answered; `lost`: the answer broke off; `refused`: the server said no. */
  kind: 'offline' | 'lost' | 'refused';
  message: string;
  fix: string;
  code?: string;
  status?: number;
  requestId?: string;
}

export class RequestError extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
    this.name = 'RequestError';
  }
}

const FIXES: Record<string, string> = {
  context_length_exceeded: 'Start a new chat, or edit an earlier message to make it shorter.',
  model_not_found: 'Choose another model in the list at the top.',
  engine_lost: 'The model stopped unexpectedly. It starts again with the next request: try again.',
  overloaded: 'Many requests are waiting. Try again in a moment.',
  insufficient_memory: 'Choose a smaller model, or free some memory on the server.',
  unsupported_capability: 'Choose a model that can do this.',
  unsupported_parameter: 'Open the settings and reset them to their defaults.',
  invalid_value: 'Open the settings and check the values there.',
  invalid_api_key: 'Ask whoever runs this server for access.',
  timeout: 'The answer took too long. Ask for a shorter one, or try again.',
};

export function offline(): Failure {
  return {
    kind: 'offline',
    message: 'Hearth is not answering.',
    fix: 'Check that `hearth serve` is running on this address, then try again.',
  };
}

export function lost(requestId?: string): Failure {
  return {
    kind: 'lost',
    message: 'The connection broke while the answer was being written.',
    fix: 'Hearth may have stopped or restarted. Try again when it is back.',
    requestId,
  };
}

export function refused(error: WireError, status?: number, requestId?: string): Failure {
  const code = error.code?.toString();
  const fallback =
    status !== undefined && status < 500
      ? 'Change the message or the settings, then try again.'
      : 'Try again. If it happens again, the log of `hearth serve` says more under the request id.';
  return {
    kind: 'refused',
    message: error.message || `The server answered with status ${status ?? 'unknown'}.`,
    fix: (code && FIXES[code]) || fallback,
    code,
    status,
    requestId,
  };
}

/** Reads the error out of an answer with a status of 400 or more, whatever its body holds. */
export async function failureOf(response: Response): Promise<Failure> {
  const requestId = response.headers.get('x-request-id') ?? undefined;
  const body: unknown = await response.json().catch(() => null);
  const error = (body as { error?: WireError | string } | null)?.error;
  const wire = typeof error === 'string' ? { message: error } : (error ?? {});
  return refused(wire, response.status, requestId);
}
