// Conversations survive in the browser's database, and are found by what was said in them.
import 'fake-indexeddb/auto';
import { expect, it } from 'vitest';
import * as storage from './storage';
import type { Conversation } from './tree';

const conversation = (id: string, updatedAt: number, content: string): Conversation => ({
  id,
  title: `Chat ${id}`,
  createdAt: 0,
  updatedAt,
  nodes: {
    [id]: { id, parent: null, role: 'user', content, createdAt: 0, status: 'done' },
  },
  chosen: {},
});

it('keeps, lists, searches and deletes', async () => {
  await storage.saveConversation(conversation('a', 1, 'A fox in the wood'));
  await storage.saveConversation(conversation('b', 2, 'A haiku'));
  expect((await storage.loadSummaries()).map((s) => s.id)).toEqual(['b', 'a']);
  expect((await storage.loadConversation('a'))?.nodes.a?.content).toBe('A fox in the wood');
  expect(await storage.searchConversations('FOX')).toEqual(new Set(['a']));
  expect(await storage.searchConversations('chat')).toEqual(new Set(['a', 'b']));
  await storage.deleteConversation('a');
  expect(await storage.loadConversation('a')).toBeUndefined();
  expect((await storage.loadSummaries()).map((s) => s.id)).toEqual(['b']);
});
