// Light, dark, or whatever the system says. static/boot.js applies the same rule before first paint.
export type Theme = 'light' | 'dark' | 'system';

const KEY = 'hearth.theme';
const systemDark = () => matchMedia('(prefers-color-scheme: dark)');

class ThemeState {
  choice = $state<Theme>(stored());

  choose(theme: Theme) {
    this.choice = theme;
    try {
      if (theme === 'system') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, theme);
    } catch {
      // Without storage the choice holds until the page closes.
    }
    this.apply();
  }

  apply() {
    const dark = this.choice === 'dark' || (this.choice === 'system' && systemDark().matches);
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  }

  /** Follows the system while it is the choice; returns the undo. */
  watch(): () => void {
    const query = systemDark();
    const follow = () => this.apply();
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }
}

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'system';
  } catch {
    return 'system';
  }
}

export const theme = new ThemeState();
