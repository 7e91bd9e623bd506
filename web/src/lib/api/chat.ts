// One streamed chat completion: request in, plain events out.
import { failureOf, lost, offline, refused, RequestError } from './errors';
import { readEvents } from './sse';
import type { ChatChunk, ChatRequest, FinishReason, Timings, Usage } from './types';

export type ChatEvent =
  | { type: 'open'; requestId?: string }
  | { type: 'reading'; total: number; processed: number }
  | { type: 'reasoning'; text: string }
  | { type: 'text'; text: string }
  | { type: 'finish'; reason: FinishReason }
  | { type: 'usage'; usage?: Usage; timings?: Timings };

/**
 * Streams an answer. Ends normally only after the server's `[DONE]`; everything else throws a
 * RequestError, or the AbortError of `signal`.
 */
export async function* streamChat(
  request: ChatRequest,
  signal: AbortSignal,
): AsyncGenerator<ChatEvent> {
  const response = await open(request, signal);
  const requestId = response.headers.get('x-request-id') ?? undefined;
  yield { type: 'open', requestId };
  if (!response.body) throw new RequestError(lost(requestId));
  try {
    for await (const data of readEvents(response.body)) {
      if (data === '[DONE]') return;
      yield* eventsOf(parse(data, requestId), requestId);
    }
  } catch (error) {
    if (error instanceof RequestError || signal.aborted) throw error;
    throw new RequestError(lost(requestId));
  }
  throw new RequestError(lost(requestId));
}

async function open(request: ChatRequest, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch('/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      signal,
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new RequestError(offline());
  }
  if (!response.ok) throw new RequestError(await failureOf(response));
  return response;
}

function parse(data: string, requestId?: string): ChatChunk {
  try {
    return JSON.parse(data) as ChatChunk;
  } catch {
    throw new RequestError(lost(requestId));
  }
}

function* eventsOf(chunk: ChatChunk, requestId?: string): Generator<ChatEvent> {
  if (chunk.error) throw new RequestError(refused(chunk.error, undefined, requestId));
  const choice = chunk.choices?.[0];
  const { content, reasoning_content: reasoning } = choice?.delta ?? {};
  if (chunk.prompt_progress) yield { type: 'reading', ...chunk.prompt_progress };
  if (reasoning) yield { type: 'reasoning', text: reasoning };
  if (content) yield { type: 'text', text: content };
  if (choice?.finish_reason) yield { type: 'finish', reason: choice.finish_reason };
  if (chunk.usage || chunk.timings) {
    yield { type: 'usage', usage: chunk.usage ?? undefined, timings: chunk.timings };
  }
}
