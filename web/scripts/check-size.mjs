// Keeps the page small: gzipped JavaScript and CSS, to first paint and in all, after `npm run build`.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const LIMITS_KB = { firstPaint: 150, all: 450 };
const root = fileURLToPath(new URL('..', import.meta.url));
const client = join(root, '.svelte-kit/output/client');

const gzipBytes = (file) => gzipSync(readFileSync(join(client, file)), { level: 9 }).length;
const sum = (files) => [...files].reduce((total, file) => total + gzipBytes(file), 0);

/** Everything that loads before the start page shows: entries and what they import statically. */
function firstPaint(manifest) {
  const entries = Object.keys(manifest).filter((key) => {
    const { name = '' } = manifest[key];
    return /^entry\/(start|app)$/.test(name) || /^nodes\/\d+$/.test(name);
  });
  const seen = new Set();
  const files = new Set();
  const visit = (key) => {
    if (seen.has(key) || !manifest[key]) return;
    seen.add(key);
    files.add(manifest[key].file);
    for (const css of manifest[key].css ?? []) files.add(css);
    for (const next of manifest[key].imports ?? []) visit(next);
  };
  entries.forEach(visit);
  if (!entries.length) throw new Error('no entries in the manifest: run `npm run build` first');
  return files;
}

const filesUnder = (folder) =>
  readdirSync(join(client, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    return statSync(join(client, path)).isDirectory() ? filesUnder(path) : [path];
  });

const manifest = JSON.parse(readFileSync(join(client, '.vite/manifest.json'), 'utf8'));
const all = filesUnder('_app').filter((file) => /\.(js|css)$/.test(file));
const sizes = { firstPaint: sum(firstPaint(manifest)), all: sum(all) };
let failed = false;
for (const [name, bytes] of Object.entries(sizes)) {
  const kb = bytes / 1000;
  const over = kb > LIMITS_KB[name];
  failed ||= over;
  console.log(`${name}: ${kb.toFixed(1)} KB of ${LIMITS_KB[name]} KB${over ? ': too large' : ''}`);
}
process.exit(failed ? 1 : 0);
