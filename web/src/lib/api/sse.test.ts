// Events must come out whole, however the network cuts the bytes.
import { describe, expect, it } from 'vitest';
import { readEvents, SseParser } from './sse';

const all = (...pieces: string[]) => {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(piece));
};

describe('SseParser', () => {
  it('yields the data of each event', () => {
    expect(all('data: {"a":1}\n\ndata: [DONE]\n\n')).toEqual(['{"a":1}', '[DONE]']);
  });

  it('gives the same events for every cut of the text', () => {
    const text = ': ping\n\ndata: one\r\n\r\nevent: x\ndata:two\ndata: lines\n\nid: 7\n\n';
    for (let cut = 0; cut <= text.length; cut++) {
      expect(all(text.slice(0, cut), text.slice(cut))).toEqual(['one', 'two\nlines']);
    }
  });

  it('ignores keepalive comments, also between the lines of one event', () => {
    expect(all(': ping\n\n: ping\ndata: a\n: ping\n\n')).toEqual(['a']);
  });

  it('accepts a lone carriage return as the end of a line', () => {
    expect(all('data: a\r\rdata: b\r', '\r')).toEqual(['a', 'b']);
  });

  it('drops an event that its blank line never ended', () => {
    expect(all('data: whole\n\ndata: half')).toEqual(['whole']);
  });

  it('takes off one space after the colon, not more', () => {
    expect(all('data:  two\n\n')).toEqual([' two']);
  });
});

describe('readEvents', () => {
  it('joins characters that were cut into their bytes', async () => {
    const bytes = new TextEncoder().encode('data: héé 🦊\n\n');
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const events: string[] = [];
    for await (const event of readEvents(body)) events.push(event);
    expect(events).toEqual(['héé 🦊']);
  });

  it('cancels the body when the reader leaves early', async () => {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('data: a\n\n')),
      cancel: () => void (cancelled = true),
    });
    for await (const event of readEvents(body)) {
      expect(event).toBe('a');
      break;
    }
    expect(cancelled).toBe(true);
  });
});
