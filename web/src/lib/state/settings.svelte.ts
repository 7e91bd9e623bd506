// How answers are asked for. One set of settings for all chats, kept in this browser.
import { Stored } from './stored.svelte';

export interface ChatSettings {
  system: string;
  temperature: number;
  topP: number;
  /** null: the answer may fill what is left of the context. */
  maxTokens: number | null;
  thinking: boolean;
}

export const DEFAULTS: ChatSettings = {
  system: '',
  temperature: 0.7,
  topP: 1,
  maxTokens: 1024,
  thinking: true,
};

export const MAX_TOKENS = { min: 64, max: 4096, step: 64 };

const stored = new Stored<ChatSettings>('hearth.settings', DEFAULTS);

export const settings = {
  get current(): ChatSettings {
    return stored.value;
  },
  change(part: Partial<ChatSettings>) {
    stored.value = { ...stored.value, ...part };
  },
  reset() {
    stored.value = { ...DEFAULTS };
  },
  get areDefault(): boolean {
    return (Object.keys(DEFAULTS) as (keyof ChatSettings)[]).every(
      (key) => stored.value[key] === DEFAULTS[key],
    );
  },
};
