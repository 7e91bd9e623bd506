// Conversations in the browser's database: one store for the list, one for the messages.
import type { Conversation } from './tree';

/** What the list needs to know of a conversation. */
export interface Summary {
  id: string;
  title: string;
  createdAt: number;
  updatedAt: number;
}

const NAME = 'hearth';
const VERSION = 1;

let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      request.result.createObjectStore('summaries', { keyPath: 'id' });
      request.result.createObjectStore('conversations', { keyPath: 'id' });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  // A failed attempt (a private window, say) is tried again with the next call.
  opened.catch(() => (opened = undefined));
  return opened;
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function write(task: (tx: IDBTransaction) => void): Promise<void> {
  const tx = (await database()).transaction(['summaries', 'conversations'], 'readwrite');
  return new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve();
    tx.onerror = tx.onabort = () => reject(tx.error);
    task(tx);
  });
}

export async function loadSummaries(): Promise<Summary[]> {
  const tx = (await database()).transaction('summaries');
  const all = await done(tx.objectStore('summaries').getAll() as IDBRequest<Summary[]>);
  return all.sort((a, b) => b.updatedAt - a.updatedAt);
}

export async function loadConversation(id: string): Promise<Conversation | undefined> {
  const tx = (await database()).transaction('conversations');
  return done(tx.objectStore('conversations').get(id) as IDBRequest<Conversation | undefined>);
}

export function saveConversation(conversation: Conversation): Promise<void> {
  const { id, title, createdAt, updatedAt } = conversation;
  return write((tx) => {
    tx.objectStore('summaries').put({ id, title, createdAt, updatedAt });
    tx.objectStore('conversations').put(conversation);
  });
}

export function deleteConversation(id: string): Promise<void> {
  return write((tx) => {
    tx.objectStore('summaries').delete(id);
    tx.objectStore('conversations').delete(id);
  });
}

/** Ids of the conversations whose title or messages hold `words`, whatever their case. */
export async function searchConversations(words: string): Promise<Set<string>> {
  const wanted = words.toLowerCase();
  const store = (await database()).transaction('conversations').objectStore('conversations');
  const all = await done(store.getAll() as IDBRequest<Conversation[]>);
  return new Set(all.filter((c) => holds(c, wanted)).map((c) => c.id));
}

function holds(conversation: Conversation, wanted: string): boolean {
  if (conversation.title.toLowerCase().includes(wanted)) return true;
  return Object.values(conversation.nodes).some((n) => n.content.toLowerCase().includes(wanted));
}
