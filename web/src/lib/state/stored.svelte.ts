// A value that survives a reload: reactive in the page, JSON in localStorage.

/**
 * Reads `key` once, falls back to `initial` where nothing readable is stored, writes on every
 * change. A browser that refuses storage keeps the value for this page only.
 */
export class Stored<T> {
  #value = $state() as T;

  constructor(
    readonly key: string,
    initial: T,
  ) {
    this.#value = read(key, initial);
  }

  get value(): T {
    return this.#value;
  }

  set value(next: T) {
    this.#value = next;
    try {
      localStorage.setItem(this.key, JSON.stringify(next));
    } catch {
      // Storage is full or forbidden: the value still holds until the page closes.
    }
  }
}

function read<T>(key: string, initial: T): T {
  try {
    const text = localStorage.getItem(key);
    if (text === null) return initial;
    const value = JSON.parse(text) as T;
    // Fields added since the value was stored take their defaults.
    return isRecord(initial) && isRecord(value) ? { ...initial, ...value } : value;
  } catch {
    return initial;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
