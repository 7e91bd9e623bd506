// Work that can wait until the page has nothing better to do.

const LATEST_MS = 2000;

/** Runs `task` in an idle moment, at the latest after two seconds; returns the undo. */
export function whenIdle(task: () => unknown): () => void {
  // Not every browser knows idle moments.
  if (typeof requestIdleCallback === 'undefined') {
    const timer = setTimeout(task, LATEST_MS / 4);
    return () => clearTimeout(timer);
  }
  const handle = requestIdleCallback(() => task(), { timeout: LATEST_MS });
  return () => cancelIdleCallback(handle);
}
