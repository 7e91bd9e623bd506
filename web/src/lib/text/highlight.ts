// Highlighted code. The highlighter and its grammars are fetched with the first code block.
import type { HLJSApi } from 'highlight.js';

let loading: Promise<HLJSApi> | undefined;

/** Fetches the highlighter; a failed attempt is tried again with the next call. */
export function loadHighlighter(): Promise<HLJSApi> {
  loading ??= import('highlight.js/lib/common').then((module) => module.default);
  loading.catch(() => (loading = undefined));
  return loading;
}

/** Longer texts stay plain: colouring them would hold up the page. */
const LIMIT = 60_000;

/** HTML with `hljs-*` spans, all else escaped; null where colours are not to be had. */
export async function highlight(code: string, lang: string): Promise<string | null> {
  if (!lang || code.length > LIMIT) return null;
  const hljs = await loadHighlighter().catch(() => null);
  if (!hljs?.getLanguage(lang)) return null;
  return hljs.highlight(code, { language: lang, ignoreIllegals: true }).value;
}
