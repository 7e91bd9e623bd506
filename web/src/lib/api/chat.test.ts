// The chat stream: text, figures, and every way in which an answer can fail.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { streamChat, type ChatEvent } from './chat';
import { RequestError } from './errors';
import type { ChatRequest } from './types';

const request = { model: 'm', messages: [], stream: true } as unknown as ChatRequest;

function answer(body: string, init: ResponseInit = {}) {
  const headers = { 'x-request-id': 'req_1', ...init.headers };
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, { ...init, headers })));
}

async function read(signal = new AbortController().signal) {
  const events: ChatEvent[] = [];
  let failure: unknown;
  try {
    for await (const event of streamChat(request, signal)) events.push(event);
  } catch (error) {
    failure = error instanceof RequestError ? error.failure : error;
  }
  return { events: events.slice(1), failure };
}

const chunk = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }], usage: null })}\n\n`;
const DONE = 'data: [DONE]\n\n';

afterEach(() => vi.unstubAllGlobals());

describe('streamChat', () => {
  it('tells thoughts from text and hands on the figures', async () => {
    const figures = { usage: { prompt_tokens: 9 }, timings: { predicted_per_second: 40 } };
    answer(
      chunk({ role: 'assistant', content: '' }) +
        ': ping\n\n' +
        chunk({ content: null, reasoning_content: 'Hm.' }) +
        chunk({ content: 'Twelve.' }) +
        chunk({}, 'stop') +
        `data: ${JSON.stringify({ choices: [], ...figures })}\n\n` +
        DONE,
    );
    const { events, failure } = await read();
    expect(failure).toBeUndefined();
    expect(events).toEqual([
      { type: 'reasoning', text: 'Hm.' },
      { type: 'text', text: 'Twelve.' },
      { type: 'finish', reason: 'stop' },
      { type: 'usage', ...figures },
    ]);
  });

  it('keeps what came before an error in the stream', async () => {
    const error = { message: 'worker died', type: 'server_error', code: 'engine_lost' };
    answer(chunk({ content: 'It was' }) + `data: ${JSON.stringify({ error })}\n\n`);
    const { events, failure } = await read();
    expect(events).toEqual([{ type: 'text', text: 'It was' }]);
    expect(failure).toMatchObject({ kind: 'refused', message: 'worker died', requestId: 'req_1' });
    expect(failure).toHaveProperty('fix', expect.stringContaining('starts again'));
  });

  it('calls a stream without its end lost', async () => {
    answer(chunk({ content: 'It was' }));
    expect((await read()).failure).toMatchObject({ kind: 'lost', requestId: 'req_1' });
  });

  it("repeats the server's own words when it refuses", async () => {
    const error = { message: 'too long', param: 'messages', code: 'context_length_exceeded' };
    answer(JSON.stringify({ error }), { status: 400 });
    expect((await read()).failure).toMatchObject({
      kind: 'refused',
      status: 400,
      message: 'too long',
      fix: expect.stringContaining('new chat'),
    });
  });

  it('survives an error page that is no JSON', async () => {
    answer('<h1>Bad gateway</h1>', { status: 502 });
    expect((await read()).failure).toMatchObject({
      kind: 'refused',
      message: 'The server answered with status 502.',
    });
  });

  it('says offline when nobody answers', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('fetch failed')));
    expect((await read()).failure).toMatchObject({ kind: 'offline' });
  });

  it('throws the abort itself when the reader stopped', async () => {
    const abort = new AbortController();
    abort.abort();
    vi.stubGlobal('fetch', () => Promise.reject(abort.signal.reason));
    expect((await read(abort.signal)).failure).toHaveProperty('name', 'AbortError');
  });
});
