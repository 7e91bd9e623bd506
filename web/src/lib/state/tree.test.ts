// A conversation's branches: nothing that was said is lost.
import { beforeEach, describe, expect, it } from 'vitest';
import {
  ancestorsOf,
  append,
  childrenOf,
  pathOf,
  removeLeaf,
  settle,
  showSibling,
  type Conversation,
  type Node,
} from './tree';

let tree: Conversation;
let clock = 0;

const add = (id: string, parent: string | null, part: Partial<Node> = {}) =>
  append(tree, {
    id,
    parent,
    role: id.startsWith('q') ? 'user' : 'assistant',
    content: id,
    createdAt: clock++,
    status: 'done',
    ...part,
  });
const shown = () => pathOf(tree).map((node) => node.id);

beforeEach(() => {
  tree = { id: 'c', title: '', createdAt: 0, updatedAt: 0, nodes: {}, chosen: {} };
  add('q1', null);
  add('a1', 'q1');
  add('q2', 'a1');
  add('a2', 'q2');
});

describe('tree', () => {
  it('shows the messages in order', () => {
    expect(shown()).toEqual(['q1', 'a1', 'q2', 'a2']);
    expect(ancestorsOf(tree, 'a2').map((n) => n.id)).toEqual(['q1', 'a1', 'q2']);
  });

  it('keeps the old answer beside a new one, with all that followed it', () => {
    add('a1b', 'q1');
    expect(shown()).toEqual(['q1', 'a1b']);
    showSibling(tree, 'a1b', -1);
    expect(shown()).toEqual(['q1', 'a1', 'q2', 'a2']);
  });

  it('branches at an edited first question', () => {
    add('q1b', null);
    add('a3', 'q1b');
    expect(shown()).toEqual(['q1b', 'a3']);
    expect(childrenOf(tree, null).map((n) => n.id)).toEqual(['q1', 'q1b']);
    showSibling(tree, 'q1b', -1);
    expect(shown()).toEqual(['q1', 'a1', 'q2', 'a2']);
  });

  it('remembers the branch inside a branch', () => {
    add('a2b', 'q2');
    showSibling(tree, 'a2b', -1);
    add('a1b', 'q1');
    showSibling(tree, 'a1b', -1);
    expect(shown()).toEqual(['q1', 'a1', 'q2', 'a2']);
  });

  it('does not run past the first or last version', () => {
    showSibling(tree, 'a1', 1);
    showSibling(tree, 'a1', -1);
    showSibling(tree, 'nobody', 1);
    expect(shown()).toEqual(['q1', 'a1', 'q2', 'a2']);
  });

  it('takes out only leaves, and then shows the sibling', () => {
    add('a2b', 'q2');
    removeLeaf(tree, 'a2b');
    removeLeaf(tree, 'q1');
    expect(shown()).toEqual(['q1', 'a1', 'q2', 'a2']);
  });

  it('calls an answer that a closed page interrupted stopped', () => {
    add('q3', 'a2');
    add('a3', 'q3', { status: 'writing' });
    settle(tree);
    expect(tree.nodes.a3?.status).toBe('stopped');
    expect(tree.nodes.a2?.status).toBe('done');
  });
});
