// Numbers, durations and names as they are written on the page.
import { describe, expect, it } from 'vitest';
import { ageGroup, count, duration, middle, rate, splitModelId, titleOf } from './format';

describe('format', () => {
  it('groups thousands', () => {
    expect([count(9), count(2048), count(262144)]).toEqual(['9', '2,048', '262,144']);
  });

  it('writes rates with a decimal only where it tells something', () => {
    expect([rate(7.04), rate(99.96), rate(1234.5), rate(0), rate(Infinity)]).toEqual([
      '7.0',
      '100.0',
      '1,235',
      '–',
      '–',
    ]);
  });

  it('writes durations in the unit one would say', () => {
    const cases: [number, string][] = [
      [0, '0.00 s'],
      [84, '0.08 s'],
      [3210, '3.2 s'],
      [9960, '10 s'],
      [48_400, '48 s'],
      [59_600, '1 min'],
      [125_000, '2 min 5 s'],
      [-5, '0.00 s'],
    ];
    for (const [ms, text] of cases) expect(duration(ms)).toBe(text);
  });

  it('shortens from the middle, by whole characters', () => {
    expect(middle('short', 10)).toBe('short');
    expect(middle('Qwen3-30B-A3B-Instruct-2507-4bit-DWQ', 17)).toBe('Qwen3-30…4bit-DWQ');
    expect(middle('🦊🦊🦊🦊🦊', 3)).toBe('🦊…🦊');
  });

  it('splits a model id at its last slash', () => {
    expect(splitModelId('org/name')).toEqual({ org: 'org/', name: 'name' });
    expect(splitModelId('hearth-demo')).toEqual({ org: '', name: 'hearth-demo' });
  });

  it('names a chat after the first 50 characters of its question', () => {
    expect(titleOf('  Hello,\n who  are you? ')).toBe('Hello, who are you?');
    expect(titleOf('x'.repeat(50))).toBe('x'.repeat(50));
    expect(titleOf('x'.repeat(51))).toBe(`${'x'.repeat(50)}...`);
  });

  it('groups chats by calendar days, not by hours', () => {
    const noon = new Date(2026, 5, 15, 12).getTime();
    const hour = 3_600_000;
    expect(ageGroup(noon - 11 * hour, noon)).toBe('Today');
    expect(ageGroup(noon - 13 * hour, noon)).toBe('Yesterday');
    expect(ageGroup(noon - 5 * 24 * hour, noon)).toBe('Last 7 days');
    expect(ageGroup(noon - 20 * 24 * hour, noon)).toBe('Older');
  });
});
