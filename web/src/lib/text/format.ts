// Numbers, durations and names as the app writes them.

const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** `2048` becomes `2,048`. */
export function count(value: number): string {
  return WHOLE.format(value);
}

/** Tokens per second, with one decimal below 100. */
export function rate(perSecond: number): string {
  if (!Number.isFinite(perSecond) || perSecond <= 0) return '–';
  return perSecond < 100 ? perSecond.toFixed(1) : WHOLE.format(perSecond);
}

/** `0.08 s`, `3.2 s`, `48 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 1) return `${seconds.toFixed(2)} s`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const rest = whole % 60;
  return `${Math.floor(whole / 60)} min${rest ? ` ${rest} s` : ''}`;
}

/** Splits `org/name` so that the organisation can be shown muted. */
export function splitModelId(id: string): { org: string; name: string } {
  const slash = id.lastIndexOf('/');
  return { org: id.slice(0, slash + 1), name: id.slice(slash + 1) };
}

/** Shortens from the middle: the ends of a model id tell models apart. */
export function middle(text: string, limit: number): string {
  const chars = [...text];
  if (chars.length <= limit) return text;
  const tail = Math.floor((limit - 1) / 2);
  const head = limit - 1 - tail;
  return `${chars.slice(0, head).join('')}…${chars.slice(chars.length - tail).join('')}`;
}

/** A conversation's name: the first 50 characters of its first question, on one line. */
export function titleOf(text: string): string {
  const chars = [...text.trim().replace(/\s+/g, ' ')];
  return chars.length > 50 ? `${chars.slice(0, 50).join('').trimEnd()}...` : chars.join('');
}

/** Under which heading of the sidebar a moment belongs, seen from `now`. */
export function ageGroup(then: number, now: number): string {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  const day = 86_400_000;
  if (then >= midnight) return 'Today';
  if (then >= midnight - day) return 'Yesterday';
  if (then >= midnight - 7 * day) return 'Last 7 days';
  return 'Older';
}

/** A rough count of tokens before the server has counted: about four characters each. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / 4);
}
