// All conversations of this browser: the list in the sidebar and the chats that are open.
import { SvelteSet } from 'svelte/reactivity';
import { Chat } from './chat.svelte';
import { newId } from './id';
import { notices } from './notices.svelte';
import * as storage from './storage';
import type { Summary } from './storage';
import { settle, type Conversation } from './tree';

class Library {
  summaries = $state.raw<Summary[]>([]);
  status = $state<'loading' | 'ready'>('loading');
  /** The chat of the start page: in no list until its first question is asked. */
  fresh = $state.raw<Chat>();
  /** Ids of the chats whose answer is being written. */
  running = new SvelteSet<string>();
  #open = new Map<string, Chat>();
  #deleted = new Set<string>();
  #channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('hearth');
  #complained = false;

  /** Reads the list, and again whenever another tab has changed it. */
  async start() {
    if (this.#channel) this.#channel.onmessage = () => void this.#refresh();
    await this.#refresh();
    this.status = 'ready';
  }

  /** A new chat for the start page; one that is still empty is kept, with its draft. */
  begin(): Chat {
    if (!this.fresh?.isEmpty || this.fresh.run) this.fresh = this.#create();
    return this.fresh;
  }

  /** `chat` lost its only question, which never reached the server: back to the start page. */
  async withdraw(chat: Chat) {
    this.fresh = chat;
    this.summaries = this.summaries.filter((s) => s.id !== chat.id);
    await this.#guard(() => storage.deleteConversation(chat.id));
  }

  #create(): Chat {
    const now = Date.now();
    const id = newId();
    return new Chat({
      id,
      title: 'New chat',
      createdAt: now,
      updatedAt: now,
      nodes: {},
      chosen: {},
    });
  }

  /** Keeps `chat` at hand, so that its answer is written on while another one is on show. */
  keep(chat: Chat) {
    this.#open.set(chat.id, chat);
  }

  async open(id: string): Promise<Chat | undefined> {
    const chat = this.#open.get(id);
    if (chat) return chat;
    const tree = await this.#guard(() => storage.loadConversation(id));
    if (!tree) return undefined;
    settle(tree);
    const opened = new Chat(tree);
    this.keep(opened);
    return opened;
  }

  /** Stops the answer of the chat `id`, or of the start page; says whether there was one. */
  stop(id: string | undefined): boolean {
    const chat = id ? this.#open.get(id) : this.fresh;
    if (!chat?.run) return false;
    chat.stop();
    return true;
  }

  async save(tree: Conversation) {
    if (this.#deleted.has(tree.id)) return;
    const { id, title, createdAt, updatedAt } = tree;
    const others = this.summaries.filter((s) => s.id !== id);
    this.summaries = [{ id, title, createdAt, updatedAt }, ...others].sort(
      (a, b) => b.updatedAt - a.updatedAt,
    );
    await this.#guard(() => storage.saveConversation(tree));
    this.#channel?.postMessage('changed');
  }

  async rename(id: string, title: string) {
    const chat = await this.open(id);
    if (!chat || !title.trim()) return;
    chat.tree.title = title.trim();
    await this.save($state.snapshot(chat.tree) as Conversation);
  }

  async remove(id: string) {
    this.#deleted.add(id);
    this.#open.get(id)?.stop();
    this.#open.delete(id);
    this.summaries = this.summaries.filter((s) => s.id !== id);
    await this.#guard(() => storage.deleteConversation(id));
    this.#channel?.postMessage('changed');
  }

  async search(words: string): Promise<Set<string>> {
    return (await this.#guard(() => storage.searchConversations(words))) ?? new Set();
  }

  async #refresh() {
    this.summaries = (await this.#guard(storage.loadSummaries)) ?? this.summaries;
  }

  /** Chats work without the browser's database; that they will be forgotten is said once. */
  async #guard<T>(task: () => Promise<T>): Promise<T | undefined> {
    try {
      return await task();
    } catch {
      if (!this.#complained) notices.show('This browser keeps no data: chats end with this page.');
      this.#complained = true;
      return undefined;
    }
  }
}

export const library = new Library();
