// Markdown to safe HTML, block by block, so that a growing answer re-renders only its last block.
import DOMPurify from 'dompurify';
import { Marked, type Token, type Tokens } from 'marked';

export type Block = { kind: 'html'; raw: string } | CodeBlock;
export interface CodeBlock {
  kind: 'code';
  raw: string;
  code: string;
  lang: string;
  /** False while the closing fence is still missing. */
  closed: boolean;
}

const escape = (text: string) => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

/** Tags that pass, without attributes; `split` keeps them as every other part. */
const PLAIN_TAG = /(<\/?(?:br|b|i|u|s|sub|sup|kbd|mark|details|summary)\s*\/?>)/i;
const evenEscaped = (part: string, i: number) => (i % 2 ? part : escape(part));

const marked = new Marked({
  gfm: true,
  breaks: true,
  renderer: {
    // Raw HTML is shown as it was written, but for a few tags that carry nothing but form.
    html: ({ text }) => text.split(PLAIN_TAG).map(evenEscaped).join(''),
    // An image would fetch from another host: show where it points instead.
    image: ({ href, text }) => `<a href="${escape(href)}">${escape(text || href)}</a>`,
    table(this: { parser: unknown }, token) {
      return `<div class="table-scroll">${tableHtml(token, this.parser as Inline)}</div>`;
    },
  },
});

interface Inline {
  parseInline(tokens: Token[]): string;
}

function tableHtml(token: Tokens.Table, parser: Inline): string {
  const cell = (tag: string) => (c: Tokens.TableCell) =>
    `<${tag}${c.align ? ` align="${c.align}"` : ''}>${parser.parseInline(c.tokens)}</${tag}>`;
  const head = token.header.map(cell('th')).join('');
  const body = token.rows.map((row) => `<tr>${row.map(cell('td')).join('')}</tr>`).join('');
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

const ALLOWED = {
  ALLOWED_TAGS:
    'a abbr b blockquote br code del details div em h1 h2 h3 h4 h5 h6 hr i input kbd li mark ol p pre s span strong sub summary sup table tbody td th thead tr u ul'.split(
      ' ',
    ),
  ALLOWED_ATTR: ['href', 'title', 'class', 'align', 'start', 'type', 'checked', 'disabled'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};

DOMPurify.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName === 'A') {
    // Only addresses outside the app are links; an answer cannot point into it.
    if (!/^(https?|mailto):/i.test(node.getAttribute('href') ?? '')) node.removeAttribute('href');
    node.setAttribute('target', '_blank');
    node.setAttribute('rel', 'noopener noreferrer');
  }
  if (node.tagName === 'INPUT') {
    if (node.getAttribute('type') !== 'checkbox') return node.remove();
    node.setAttribute('disabled', '');
    node.setAttribute('aria-label', node.hasAttribute('checked') ? 'Done' : 'To do');
  }
  // Classes could put an answer over the app's own controls; only ours pass.
  if (node.hasAttribute('class') && !/^(table-scroll|language-[\w+#.-]+)$/.test(node.className)) {
    node.removeAttribute('class');
  }
});

/** Renders one block of Markdown to HTML without scripts, styles, forms or foreign requests. */
export function renderBlock(raw: string): string {
  return DOMPurify.sanitize(marked.parse(raw, { async: false }), ALLOWED);
}

/** Cuts a growing text into blocks; only what follows the last settled block is read again. */
export class BlockSplitter {
  #text = '';
  #settled: Block[] = [];
  #settledEnd = 0;

  /** Blocks of `text`; when `text` only grew since the last call, settled blocks are the same objects. */
  split(text: string): Block[] {
    const plain = text.replace(/\r\n?/g, '\n');
    if (!plain.startsWith(this.#text)) this.#reset();
    this.#text = plain;
    const rest = plain.slice(this.#settledEnd);
    const blocks = marked.lexer(rest).filter(hasContent).map(toBlock);
    const last = blocks.pop();
    for (const block of blocks) this.#settle(block);
    return last ? [...this.#settled, last] : [...this.#settled];
  }

  /** A block that another one follows can no longer change. */
  #settle(block: Block) {
    const at = this.#text.indexOf(block.raw, this.#settledEnd);
    if (at >= 0) this.#settledEnd = at + block.raw.length;
    this.#settled.push(block);
  }

  #reset() {
    this.#settled = [];
    this.#settledEnd = 0;
  }
}

const hasContent = (token: Token) => token.type !== 'space';

function toBlock(token: Token): Block {
  if (token.type !== 'code') return { kind: 'html', raw: token.raw };
  const { raw, text, lang = '' } = token as Tokens.Code;
  const fence = /^ {0,3}(`{3,}|~{3,})/.exec(raw)?.[1];
  const closed = !fence || new RegExp(`\\n {0,3}${fence[0]}{${fence.length},}\\s*$`).test(raw);
  return { kind: 'code', raw, code: text, lang: lang.split(/\s/)[0] ?? '', closed };
}
