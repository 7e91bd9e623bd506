// A scripted server for what a real model does not do on demand: slow answers, thoughts, code, errors.
// The last word of the question chooses the script. It also serves the built app, as `hearth` does.
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { SCRIPTS } from './scripts.mjs';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '0' }, 'port-file': { type: 'string' } },
});
const BUILD = fileURLToPath(new URL('../../web/build', import.meta.url));
const TYPES = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const MODELS = [
  {
    id: 'hearth-demo',
    state: 'loaded',
    max_model_len: 2048,
    capabilities: ['completion', 'thinking'],
  },
  {
    id: 'mlx-community/Qwen3-30B-A3B-Instruct-2507-4bit-DWQ',
    state: 'unloaded',
    max_model_len: 262144,
  },
  {
    id: 'mlx-community/Llama-3.2-1B-Instruct-4bit',
    state: 'loading',
    max_model_len: 131072,
    capabilities: ['completion'],
  },
];
/** Bodies of the chat requests so far; tests read them at /requests. */
const requests = [];

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function json(response, status, body) {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-request-id': 'req_5ca1ab1e0001',
  });
  response.end(JSON.stringify(body));
}

async function chat(request, response) {
  let text = '';
  for await (const piece of request) text += piece;
  const body = JSON.parse(text);
  requests.push(body);
  const question = body.messages.findLast((message) => message.role === 'user').content;
  const script = body.ignore_eos
    ? SCRIPTS.slow
    : (SCRIPTS[question.trim().split(/\s+/).at(-1)] ?? SCRIPTS.plain);
  if (script.refuse) return json(response, script.refuse.status, { error: script.refuse.error });
  await stream(script, body, response);
}

async function stream(script, body, response) {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'x-request-id': 'req_5ca1ab1e0002',
  });
  const send = (object) => response.write(`data: ${JSON.stringify(object)}\n\n`);
  const delta = (part, finish_reason = null) =>
    send({
      id: 'chatcmpl-1',
      object: 'chat.completion.chunk',
      model: body.model,
      choices: [{ index: 0, delta: part, finish_reason }],
      usage: null,
    });
  const started = Date.now();
  response.write(': ping\n\n');
  delta({ role: 'assistant', content: '' });
  await pause(script.wait ?? 120);
  let tokens = 0;
  for (const [field, words] of [
    ['reasoning_content', script.thought ?? ''],
    ['content', script.text],
  ]) {
    for (const word of words.match(/\s*\S+\s*$|\s*\S+/g) ?? []) {
      if (response.destroyed) return;
      delta({ [field]: word });
      tokens++;
      await pause(script.pace ?? 8);
    }
  }
  if (script.cut) return response.destroy();
  if (script.error) return response.end(`data: ${JSON.stringify({ error: script.error })}\n\n`);
  delta({}, script.finish ?? 'stop');
  send({ choices: [], ...figures(body, tokens, Date.now() - started) });
  response.end('data: [DONE]\n\n');
}

function figures(body, tokens, ms) {
  const prompt = Math.ceil(JSON.stringify(body.messages).length / 4);
  return {
    usage: { prompt_tokens: prompt, completion_tokens: tokens, total_tokens: prompt + tokens },
    timings: {
      prompt_n: prompt,
      cache_n: 0,
      prompt_ms: 100,
      prompt_per_second: prompt * 10,
      predicted_n: tokens,
      predicted_ms: ms,
      predicted_per_second: (tokens * 1000) / ms,
    },
  };
}

async function asset(path, response) {
  const wanted = normalize(path).replace(/^\/+/, '') || 'index.html';
  const found = await readFile(join(BUILD, wanted)).catch(() => null);
  const name = found ? wanted : 'index.html';
  if (!found && extname(wanted)) return json(response, 404, { error: { message: 'no such file' } });
  response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream' });
  response.end(found ?? (await readFile(join(BUILD, 'index.html'))));
}

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://fake');
  if (pathname === '/healthz') return json(response, 200, { status: 'ok' });
  if (pathname === '/requests') return json(response, 200, requests);
  if (pathname === '/v1/models') return json(response, 200, { object: 'list', data: MODELS });
  if (pathname === '/v1/chat/completions') return void chat(request, response);
  return void asset(pathname, response);
});
server.listen(Number(values.port), '127.0.0.1', async () => {
  if (values['port-file']) await writeFile(values['port-file'], String(server.address().port));
});
