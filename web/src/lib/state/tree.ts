// A conversation as a tree: editing or regenerating adds a sibling, nothing is ever overwritten.
import type { Failure } from '../api/errors';
import type { FinishReason } from '../api/types';

/** What one answer cost; durations in milliseconds. */
export interface Stats {
  promptTokens?: number;
  cachedTokens?: number;
  answerTokens: number;
  /** Reading the prompt, as the engine measured it. */
  promptMs?: number;
  firstTokenMs?: number;
  totalMs: number;
  tokensPerSecond?: number;
  /** True while, or if, the server has not given its own figures. */
  estimated: boolean;
}

export interface Node {
  id: string;
  parent: string | null;
  role: 'user' | 'assistant';
  content: string;
  createdAt: number;
  reasoning?: string;
  reasoningMs?: number;
  model?: string;
  status: 'done' | 'writing' | 'stopped' | 'failed';
  finish?: FinishReason;
  failure?: Failure;
  stats?: Stats;
}

export interface Conversation {
  id: string;
  title: string;
  createdAt: number;
  updatedAt: number;
  nodes: Record<string, Node>;
  /** Which child of a node is on show; the roots' parent is the empty string. */
  chosen: Record<string, string>;
}

const keyOf = (parent: string | null) => parent ?? '';

/** Nodes with the same parent, oldest first. */
export function childrenOf(tree: Conversation, parent: string | null): Node[] {
  return Object.values(tree.nodes)
    .filter((node) => node.parent === parent)
    .sort((a, b) => a.createdAt - b.createdAt);
}

/** The messages on show, from the first question to the last answer. */
export function pathOf(tree: Conversation): Node[] {
  const byParent = groupByParent(tree);
  const path: Node[] = [];
  let parent: string | null = null;
  for (;;) {
    const children: Node[] = byParent.get(keyOf(parent)) ?? [];
    const chosen: string | undefined = tree.chosen[keyOf(parent)];
    const next: Node | undefined = children.find((c) => c.id === chosen) ?? newest(children);
    if (!next) return path;
    path.push(next);
    parent = next.id;
  }
}

function groupByParent(tree: Conversation): Map<string, Node[]> {
  const groups = new Map<string, Node[]>();
  for (const node of Object.values(tree.nodes)) {
    const siblings = groups.get(keyOf(node.parent));
    if (siblings) siblings.push(node);
    else groups.set(keyOf(node.parent), [node]);
  }
  return groups;
}

function newest(nodes: Node[]): Node | undefined {
  return nodes.reduce<Node | undefined>(
    (a, b) => (a && a.createdAt > b.createdAt ? a : b),
    undefined,
  );
}

/** The messages before `id`, in order; `id` itself is left out. */
export function ancestorsOf(tree: Conversation, id: string): Node[] {
  const path: Node[] = [];
  let node = tree.nodes[id];
  while (node?.parent) {
    node = tree.nodes[node.parent];
    if (node) path.unshift(node);
  }
  return path;
}

/** Adds a node under its parent and puts it on show. */
export function append(tree: Conversation, node: Node) {
  tree.nodes[node.id] = node;
  tree.chosen[keyOf(node.parent)] = node.id;
}

/** Shows the sibling `step` places after `id`, if there is one. */
export function showSibling(tree: Conversation, id: string, step: number) {
  const parent = tree.nodes[id]?.parent ?? null;
  const siblings = childrenOf(tree, parent);
  const next = siblings[siblings.findIndex((node) => node.id === id) + step];
  if (next) tree.chosen[keyOf(parent)] = next.id;
}

/** Takes a node without children out again. */
export function removeLeaf(tree: Conversation, id: string) {
  const node = tree.nodes[id];
  if (!node || childrenOf(tree, id).length) return;
  delete tree.nodes[id];
  if (tree.chosen[keyOf(node.parent)] === id) delete tree.chosen[keyOf(node.parent)];
}

/** A page closed while an answer was being written leaves it marked as such: it was stopped. */
export function settle(tree: Conversation) {
  for (const node of Object.values(tree.nodes)) {
    if (node.status === 'writing') node.status = 'stopped';
  }
}
