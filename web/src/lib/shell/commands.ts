// What the command palette can do besides opening chats.
import { layout } from '../state/layout.svelte';
import { models } from '../state/models.svelte';
import { SHORTCUTS } from '../state/shortcuts';
import { theme } from '../state/theme.svelte';

export interface Command {
  id: string;
  label: string;
  keys?: string;
  run: () => void;
}

export function commandsFor(onnew: () => void): Command[] {
  return [
    { id: 'new', ...SHORTCUTS.newChat, run: onnew },
    { id: 'sidebar', ...SHORTCUTS.sidebar, run: () => layout.toggleSidebar() },
    {
      id: 'settings',
      ...SHORTCUTS.settings,
      run: () => (layout.settingsOpen = !layout.settingsOpen),
    },
    { id: 'shortcuts', ...SHORTCUTS.shortcuts, run: () => (layout.shortcutsOpen = true) },
    { id: 'light', label: 'Theme: light', run: () => theme.choose('light') },
    { id: 'dark', label: 'Theme: dark', run: () => theme.choose('dark') },
    { id: 'system', label: 'Theme: as the system', run: () => theme.choose('system') },
    ...models.list
      .filter((model) => !model.fault)
      .map((model) => ({
        id: `model ${model.id}`,
        label: `Use model ${model.id}`,
        run: () => models.choose(model.id),
      })),
  ];
}
