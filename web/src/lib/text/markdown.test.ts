// Markdown from a model is hostile input; what it becomes must be harmless, and stable as it grows.
// @vitest-environment jsdom
import { describe, expect, it } from 'vitest';
import { BlockSplitter, renderBlock } from './markdown';

const page = (markdown: string) => {
  const element = document.createElement('div');
  element.innerHTML = renderBlock(markdown);
  return element;
};

describe('renderBlock', () => {
  it('writes headings, lists, emphasis and tables', () => {
    expect(page('## Two').querySelector('h2')?.textContent).toBe('Two');
    expect(page('- a\n- **b**').querySelectorAll('li strong')).toHaveLength(1);
    const table = page('| a | b |\n|---|--:|\n| 1 | 2 |');
    expect(table.querySelector('.table-scroll table td[align=right]')?.textContent).toBe('2');
  });

  it('keeps single line breaks, as poems need them', () => {
    expect(page('one\ntwo').querySelectorAll('br')).toHaveLength(1);
  });

  it.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '<svg onload=alert(1)><use href="data:,x"/></svg>',
    '<iframe src="https://evil.example"></iframe>',
    '<style>*{display:none}</style>',
    '<form action="https://evil.example"><input type=text><button>go</button></form>',
    '<a href="javascript:alert(1)">x</a>',
    '[x](javascript:alert(1))',
    '[x](data:text/html,<script>alert(1)</script>)',
    '<p style="position:fixed;inset:0">x</p>',
    '<div class="fixed inset-0" id="app">x</div>',
    '<math><mi xlink:href="javascript:alert(1)"></mi></math>',
    '| a |\n|---|\n| <img src=x onerror=alert(1)> |',
    '`<img src=x onerror=alert(1)>`',
  ])('makes %s harmless', (markdown) => {
    const element = page(markdown);
    expect(element.querySelector('script,style,iframe,svg,math,img,form,button,object')).toBeNull();
    for (const node of element.querySelectorAll('*')) {
      for (const { name, value } of node.attributes) {
        expect(name).not.toMatch(/^on|^style$|^id$|src/);
        expect(value).not.toMatch(/javascript:|data:|fixed/);
      }
    }
  });

  it('shows a remote image as a link, so that nothing is fetched', () => {
    const link = page('![a fox](https://evil.example/fox.png)').querySelector('a');
    expect(link?.textContent).toBe('a fox');
    expect(link?.getAttribute('href')).toBe('https://evil.example/fox.png');
  });

  it('opens links outside, without telling where they came from', () => {
    const link = page('[docs](https://example.org)').querySelector('a');
    expect(link?.getAttribute('target')).toBe('_blank');
    expect(link?.getAttribute('rel')).toBe('noopener noreferrer');
  });

  it('shows task lists with boxes nobody can tick', () => {
    const boxes = page('- [x] done\n- [ ] open').querySelectorAll('input');
    expect([...boxes].map((box) => [box.disabled, box.checked])).toEqual([
      [true, true],
      [true, false],
    ]);
  });
});

const ANSWER = `# Title

First paragraph
goes on.

- one
- two

  with more

\`\`\`js
let a = 1;

let b = 2;
\`\`\`

| a | b |
|---|---|
| 1 | 2 |

    indented

> quote

Last words.`;

describe('BlockSplitter', () => {
  it('gives, letter by letter, the blocks of the whole text', () => {
    const growing = new BlockSplitter();
    for (let end = 1; end <= ANSWER.length; end++) {
      const text = ANSWER.slice(0, end);
      expect(growing.split(text)).toEqual(new BlockSplitter().split(text));
    }
    expect(growing.split(ANSWER).map((block) => block.kind)).toEqual([
      'html',
      'html',
      'html',
      'code',
      'html',
      'code',
      'html',
      'html',
    ]);
  });

  it('keeps the objects of settled blocks', () => {
    const splitter = new BlockSplitter();
    const [first] = splitter.split('One.\n\nTw');
    expect(splitter.split('One.\n\nTwo.\n\nThree')[0]).toBe(first);
  });

  it('starts over when the text is another one', () => {
    const splitter = new BlockSplitter();
    splitter.split('One.\n\nTwo.\n\nThree.');
    expect(splitter.split('Else.').map((block) => block.raw)).toEqual(['Else.']);
  });

  it('knows when a code block is still open', () => {
    const code = (text: string) => new BlockSplitter().split(text).at(-1);
    expect(code('```py\nx = 1')).toMatchObject({ lang: 'py', code: 'x = 1', closed: false });
    expect(code('```py\nx = 1\n```')).toMatchObject({ closed: true });
    expect(code('````md\n```\nx\n```')).toMatchObject({ closed: false });
    expect(code('~~~\nx\n~~~~')).toMatchObject({ closed: true });
  });

  it('reads text with Windows line ends', () => {
    const blocks = new BlockSplitter().split('a\r\n\r\nb\r\n\r\nc');
    expect(blocks.map((block) => block.raw.trim())).toEqual(['a', 'b', 'c']);
  });
});
