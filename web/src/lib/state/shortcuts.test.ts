// Shortcuts are recognised on every keyboard and drawn as that machine names its keys.
import { describe, expect, it } from 'vitest';
import { keyCaps, matches } from './shortcuts';

const press = (key: string, part: KeyboardEventInit = {}) =>
  ({
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    altKey: false,
    ...part,
    key,
  }) as KeyboardEvent;

describe('shortcuts', () => {
  it('uses Command on Apple machines and Control elsewhere', () => {
    expect(matches(press('k', { ctrlKey: true }), 'Mod+K', false)).toBe(true);
    expect(matches(press('k', { metaKey: true }), 'Mod+K', true)).toBe(true);
    expect(matches(press('k', { ctrlKey: true }), 'Mod+K', true)).toBe(false);
    expect(matches(press('k'), 'Mod+K', false)).toBe(false);
  });

  it('tells letters with Shift from letters without', () => {
    const shifted = press('O', { ctrlKey: true, shiftKey: true });
    expect(matches(shifted, 'Mod+Shift+O', false)).toBe(true);
    expect(matches(shifted, 'Mod+O', false)).toBe(false);
  });

  it('accepts "/" from keyboards that need Shift for it', () => {
    expect(matches(press('/', { ctrlKey: true, shiftKey: true }), 'Mod+/', false)).toBe(true);
  });

  it('leaves combinations with Alt to the system', () => {
    expect(matches(press('b', { ctrlKey: true, altKey: true }), 'Mod+B', false)).toBe(false);
  });

  it('draws the caps of the machine', () => {
    expect(keyCaps('Mod+Shift+O', true)).toEqual(['⌘', '⇧', 'O']);
    expect(keyCaps('Mod+Shift+O', false)).toEqual(['Ctrl', 'Shift', 'O']);
  });
});
