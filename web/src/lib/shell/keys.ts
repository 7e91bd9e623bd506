// What the app-wide shortcuts do.
import { layout } from '../state/layout.svelte';
import { matches, SHORTCUTS } from '../state/shortcuts';

/** Returns true when `event` was a shortcut and has been dealt with. */
export function handleKey(event: KeyboardEvent, actions: { newChat(): void; stop(): boolean }) {
  const is = (shortcut: { keys: string }) => matches(event, shortcut.keys);
  if (is(SHORTCUTS.stop)) return !event.defaultPrevented && actions.stop();
  if (is(SHORTCUTS.palette)) layout.paletteOpen = !layout.paletteOpen;
  else if (is(SHORTCUTS.newChat)) actions.newChat();
  else if (is(SHORTCUTS.sidebar)) layout.toggleSidebar();
  else if (is(SHORTCUTS.settings)) layout.settingsOpen = !layout.settingsOpen;
  else if (is(SHORTCUTS.shortcuts)) layout.shortcutsOpen = !layout.shortcutsOpen;
  else return false;
  event.preventDefault();
  return true;
}
