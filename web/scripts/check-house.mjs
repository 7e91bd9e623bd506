// The house rules no linter knows: colours only from the tokens, files short, what each file is said.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const TOKENS = 'src/styles/tokens.css';
const RAW_COLOUR = /['"\s:(]#[0-9a-f]{3,8}\b(?![-\w(])|\b(?:rgba?|hsla?|oklch|oklab|lab|lch)\(/i;
const LIMITS = [
  { match: /^src\/routes\/.*\.svelte$/, lines: 200 },
  { match: /\.svelte$/, lines: 150 },
  { match: /\.(ts|js|mjs|css)$/, lines: 300 },
];

const files = (folder) =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });

function complaints(path) {
  const name = relative(root, path);
  const lines = readFileSync(path, 'utf8').split('\n');
  const found = [];
  const limit = LIMITS.find(({ match }) => match.test(name))?.lines;
  if (limit && lines.length - 1 > limit) {
    found.push(`${name}: ${lines.length - 1} lines, at most ${limit}: split it`);
  }
  if (!/^\s*(<!--|\/\/|\/\*)/.test(lines[0]))
    found.push(`${name}:1: say first what the file is for`);
  if (name === TOKENS) return found;
  lines.forEach((line, i) => {
    if (/^\s*(\/\/|\*|\/\*)/.test(line) || /#(each|if|key|await|snippet)\b/.test(line)) return;
    if (RAW_COLOUR.test(line)) {
      found.push(`${name}:${i + 1}: raw colour: use a token of ${TOKENS}`);
    }
  });
  return found;
}

const found = files(join(root, 'src'))
  .filter((path) => /\.(svelte|ts|js|css)$/.test(path))
  .flatMap(complaints);
for (const line of found) console.error(line);
process.exit(found.length ? 1 : 0);
