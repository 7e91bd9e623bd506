// Highlighted code. The highlighter and its grammars are fetched with the first code block.
import type { HLJSApi } from 'highlight.js';

let loading: Promise<HLJSApi> | undefined;

function load(): Promise<HLJSApi> {
  loading ??= import('highlight.js/lib/common').then((module) => module.default);
  return loading;
}

/** Longer texts stay plain: colouring them would hold up the page. */
const LIMIT = 60_000;

/** HTML with `hljs-*` spans, all else escaped; null when the language is unknown or too long. */
export async function highlight(code: string, lang: string): Promise<string | null> {
  if (!lang || code.length > LIMIT) return null;
  const hljs = await load();
  if (!hljs.getLanguage(lang)) return null;
  return hljs.highlight(code, { language: lang, ignoreIllegals: true }).value;
}
