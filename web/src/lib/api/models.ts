// The list of models, and whether the server is there at all.
import { failureOf, offline, RequestError } from './errors';
import type { Model } from './types';

export async function listModels(): Promise<Model[]> {
  let response: Response;
  try {
    response = await fetch('/v1/models');
  } catch {
    throw new RequestError(offline());
  }
  if (!response.ok) throw new RequestError(await failureOf(response));
  const body = (await response.json()) as { data?: Model[] };
  return body.data ?? [];
}

/** True when the server answers its health check within `timeoutMs`. */
export async function isHealthy(timeoutMs = 3000): Promise<boolean> {
  try {
    return (await fetch('/healthz', { signal: AbortSignal.timeout(timeoutMs) })).ok;
  } catch {
    return false;
  }
}
