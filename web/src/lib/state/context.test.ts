// The context meter counts what the server counted and says when it guesses.
import { describe, expect, it } from 'vitest';
import { contextUse } from './context';
import type { Node, Stats } from './tree';

const node = (content: string, counted?: [number, number]): Node => ({
  id: content,
  parent: null,
  role: 'user',
  content,
  createdAt: 0,
  status: 'done',
  stats: counted && ({ promptTokens: counted[0], answerTokens: counted[1] } as Stats),
});

describe('contextUse', () => {
  it('is zero for an empty chat', () => {
    expect(contextUse([], '', '')).toEqual({ tokens: 0, estimated: false });
  });

  it("takes the server's count of the last answer as it is", () => {
    const path = [node('Hello'), node('Hi!', [9, 4])];
    expect(contextUse(path, 'system', '')).toEqual({ tokens: 13, estimated: false });
  });

  it('adds a guess for the draft and for what was not counted', () => {
    const path = [node('Hello'), node('Hi!', [9, 4]), node('12345678')];
    expect(contextUse(path, '', 'abcd')).toEqual({ tokens: 16, estimated: true });
  });

  it('counts the answer being written by its pieces, once', () => {
    const path = [node('12345678'), node('half an answer')];
    expect(contextUse(path, '', '', 5)).toEqual({ tokens: 7, estimated: true });
  });
});
