// How many tokens of the context a conversation takes: the server's count where there is one.
import { estimateTokens } from '../text/format';
import type { Node } from './tree';

/**
 * @param written  pieces of the answer being written, if one is
 * @returns `estimated` is true while any part of the sum is a guess.
 */
export function contextUse(
  path: Node[],
  system: string,
  draft: string,
  written?: number,
): { tokens: number; estimated: boolean } {
  const counted = path.findLastIndex((node) => node.stats?.promptTokens !== undefined);
  const stats = path[counted]?.stats;
  const known = stats ? (stats.promptTokens ?? 0) + stats.answerTokens : estimateTokens(system);
  const writing = written !== undefined;
  let guess = estimateTokens(draft.trim()) + (written ?? 0);
  path.slice(counted + 1).forEach((node, i, rest) => {
    // The answer being written is already in `written`.
    if (!(writing && i === rest.length - 1)) guess += estimateTokens(node.content);
  });
  return { tokens: known + guess, estimated: guess > 0 || (!stats && known > 0) };
}
