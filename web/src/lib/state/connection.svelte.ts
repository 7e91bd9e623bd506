// Whether the server is there: an outage is noticed by a failed request or a missed heartbeat.
import { isHealthy } from '../api/models';

const HEARTBEAT_MS = 15_000;
const RETRY_MS = 1_500;

class Connection {
  online = $state(true);
  #timer: ReturnType<typeof setTimeout> | undefined;
  #onBack = new Set<() => void>();

  /** Starts the heartbeat; returns the undo. Hidden tabs stay silent until they are shown. */
  watch(): () => void {
    const wake = () => document.visibilityState === 'visible' && void this.check();
    document.addEventListener('visibilitychange', wake);
    this.#plan();
    return () => {
      document.removeEventListener('visibilitychange', wake);
      clearTimeout(this.#timer);
    };
  }

  /** `task` runs whenever the server has come back. */
  onBack(task: () => void): () => void {
    this.#onBack.add(task);
    return () => this.#onBack.delete(task);
  }

  /** A request found nobody there: ask for the server's health soon, and keep asking. */
  suspect() {
    this.online = false;
    this.#plan();
  }

  async check() {
    const healthy = await isHealthy();
    const back = healthy && !this.online;
    this.online = healthy;
    if (back) for (const task of this.#onBack) task();
    this.#plan();
  }

  #plan() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        if (document.visibilityState === 'visible') void this.check();
        else this.#plan();
      },
      this.online ? HEARTBEAT_MS : RETRY_MS,
    );
  }
}

export const connection = new Connection();
