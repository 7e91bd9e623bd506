// One answer while it is being written: reads the stream, counts, and hands text on once a frame.
import type { ChatEvent } from '../api/chat';
import type { Timings, Usage } from '../api/types';
import type { Node, Stats } from './tree';

export type Phase = 'waiting' | 'thinking' | 'writing';

export class Run {
  phase = $state<Phase>('waiting');
  /** True once the server has taken the request. */
  opened = $state(false);
  /** Moves on with every flush, so that clocks on the page tick. */
  now = $state(performance.now());
  /** How much of the prompt has been read, from 0 to 1, where the server tells. */
  readShare = $state<number>();
  pieces = $state(0);
  firstAt = $state<number>();
  readonly startedAt = performance.now();
  /** When the thought under way began. */
  thinkingSince = 0;
  #reasoning = '';
  #text = '';
  #scheduled = false;
  #lastAt = 0;
  #ticker: ReturnType<typeof setInterval>;
  #timings?: Timings;
  #usage?: Usage;

  /** Whether an answer that already has text is written on. */
  readonly goesOn: boolean;

  constructor(
    readonly node: Node,
    readonly abort: AbortController,
  ) {
    this.goesOn = node.content !== '';
    this.#ticker = setInterval(() => (this.now = performance.now()), 200);
  }

  take(event: ChatEvent) {
    if (event.type === 'open') this.opened = true;
    else if (event.type === 'reading') this.readShare = event.processed / (event.total || 1);
    else if (event.type === 'finish') this.node.finish = event.reason;
    else if (event.type === 'usage') this.#count(event.usage, event.timings);
    else this.#takeText(event);
  }

  /** Writes what is left and the final figures into the node. */
  close() {
    clearInterval(this.#ticker);
    this.#flush();
    if (this.phase === 'thinking') this.#endThinking();
    this.node.stats = this.stats();
  }

  /** The figures so far; the server's own once they have come. */
  stats(): Stats {
    const totalMs = performance.now() - this.startedAt;
    const firstTokenMs = this.firstAt === undefined ? undefined : this.firstAt - this.startedAt;
    const measured = this.#timings;
    return {
      promptTokens: this.#usage?.prompt_tokens,
      cachedTokens: measured?.cache_n,
      answerTokens: this.#usage?.completion_tokens ?? measured?.predicted_n ?? this.pieces,
      promptMs: measured?.prompt_ms,
      firstTokenMs,
      totalMs,
      tokensPerSecond: measured?.predicted_per_second ?? this.rate(),
      estimated: !this.#usage && !measured,
    };
  }

  /** Pieces per second since the first one; undefined until there is something to divide. */
  rate(): number | undefined {
    if (this.firstAt === undefined || this.pieces < 2) return undefined;
    const seconds = (Math.max(this.now, this.#lastAt) - this.firstAt) / 1000;
    return seconds > 0.05 ? (this.pieces - 1) / seconds : undefined;
  }

  #count(usage?: Usage, timings?: Timings) {
    this.#usage = usage ?? this.#usage;
    this.#timings = timings ?? this.#timings;
  }

  #takeText(event: { type: 'reasoning' | 'text'; text: string }) {
    this.#lastAt = performance.now();
    this.firstAt ??= this.#lastAt;
    this.pieces++;
    if (event.type === 'reasoning') {
      if (this.phase === 'waiting') this.thinkingSince = this.#lastAt;
      this.phase = 'thinking';
      this.#reasoning += event.text;
    } else {
      if (this.phase === 'thinking') this.#endThinking();
      this.phase = 'writing';
      this.#text += event.text;
    }
    this.#schedule();
  }

  #endThinking() {
    this.node.reasoningMs = (this.node.reasoningMs ?? 0) + performance.now() - this.thinkingSince;
  }

  /** Hidden pages get no animation frames; there a timer does. */
  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    if (document.visibilityState === 'hidden') setTimeout(() => this.#flush(), 100);
    else requestAnimationFrame(() => this.#flush());
  }

  #flush() {
    this.#scheduled = false;
    this.now = performance.now();
    if (this.#reasoning) this.node.reasoning = (this.node.reasoning ?? '') + this.#reasoning;
    if (this.#text) this.node.content += this.#text;
    this.#reasoning = this.#text = '';
  }
}
