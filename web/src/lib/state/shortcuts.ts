// The keyboard: every shortcut of the app, how it is written, and how it is recognised.

export interface Shortcut {
  /** Parts joined by "+": Mod (Command on Apple machines, else Control), Shift, then the key. */
  keys: string;
  label: string;
}

export const SHORTCUTS = {
  palette: { keys: 'Mod+K', label: 'Search chats and commands' },
  newChat: { keys: 'Mod+Shift+O', label: 'New chat' },
  sidebar: { keys: 'Mod+B', label: 'Show or hide the sidebar' },
  settings: { keys: 'Mod+.', label: 'Show or hide the settings' },
  shortcuts: { keys: 'Mod+/', label: 'Keyboard shortcuts' },
  stop: { keys: 'Esc', label: 'Stop the answer' },
} satisfies Record<string, Shortcut>;

/** Keys that work inside the composer; listed for the shortcut sheet. */
export const TYPING: Shortcut[] = [
  { keys: 'Enter', label: 'Send' },
  { keys: 'Shift+Enter', label: 'New line' },
  { keys: '↑', label: 'Edit your last message (in an empty box)' },
];

export const isApple = () =>
  typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform);

/** The caps to draw for a shortcut on this machine. */
export function keyCaps(keys: string, apple = isApple()): string[] {
  const names: Record<string, string> = apple
    ? { Mod: '⌘', Shift: '⇧', Enter: '↵' }
    : { Mod: 'Ctrl' };
  return keys.split('+').map((part) => names[part] ?? part);
}

/** Whether `event` is the shortcut `keys`. */
export function matches(event: KeyboardEvent, keys: string, apple = isApple()): boolean {
  const parts = keys.split('+');
  const key = parts.at(-1) === 'Esc' ? 'escape' : parts.at(-1)!.toLowerCase();
  const mod = apple ? event.metaKey : event.ctrlKey;
  // On some layouts "/" and "." need Shift themselves.
  const letter = /^[a-z]+$/.test(key);
  return (
    event.key.toLowerCase() === key &&
    mod === parts.includes('Mod') &&
    (!letter || event.shiftKey === parts.includes('Shift')) &&
    !event.altKey
  );
}
