// Server-sent events: bytes in any cut become whole `data` payloads.

/** Collects lines over chunk borders and yields one string per event that carries data. */
export class SseParser {
  #line = '';
  #data: string[] = [];
  #afterReturn = false;

  /** Takes the next piece of text; returns the payloads of the events it completed. */
  push(text: string): string[] {
    const events: string[] = [];
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      const char = text[i];
      const secondHalf = char === '\n' && this.#afterReturn;
      this.#afterReturn = char === '\r';
      if (char !== '\n' && char !== '\r') continue;
      if (!secondHalf) this.#endLine(this.#line + text.slice(start, i), events);
      this.#line = '';
      start = i + 1;
    }
    this.#line += text.slice(start);
    return events;
  }

  #endLine(line: string, events: string[]) {
    if (line === '') {
      if (this.#data.length) events.push(this.#data.join('\n'));
      this.#data = [];
      return;
    }
    // Comments (": ping") and the fields event, id and retry carry nothing this wire uses.
    if (!line.startsWith('data:') && line !== 'data') return;
    const value = line.slice(5);
    this.#data.push(value.startsWith(' ') ? value.slice(1) : value);
  }
}

/** Yields the data payloads of a response body until it ends. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new SseParser();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
