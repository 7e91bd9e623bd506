// Which parts of the page are open: sidebar, settings, dialogs.
import { Stored } from './stored.svelte';

export const SIDEBAR = { min: 240, max: 360, initial: 256 };

class Layout {
  /** On wide screens; on narrow ones the sidebar is the sheet below. */
  #sidebar = new Stored('hearth.sidebar', true);
  #width = new Stored('hearth.sidebar.width', SIDEBAR.initial);
  sidebarSheet = $state(false);
  settingsOpen = $state(false);
  paletteOpen = $state(false);
  shortcutsOpen = $state(false);
  /** True below 1024 px, kept up to date by `watch`. */
  narrow = $state(false);

  get sidebar() {
    return this.#sidebar.value;
  }

  get width() {
    return this.#width.value;
  }

  resize(width: number) {
    this.#width.value = Math.round(Math.min(SIDEBAR.max, Math.max(SIDEBAR.min, width)));
  }

  toggleSidebar() {
    if (this.narrow) this.sidebarSheet = !this.sidebarSheet;
    else this.#sidebar.value = !this.#sidebar.value;
  }

  /** Follows the window's width; returns the undo. */
  watch(): () => void {
    const query = matchMedia('(max-width: 1023px)');
    const follow = () => {
      this.narrow = query.matches;
      if (!query.matches) this.sidebarSheet = false;
    };
    follow();
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }
}

export const layout = new Layout();
