// One open conversation: what is on show, and everything one can do with it.
import { streamChat } from '../api/chat';
import { lost, RequestError, type Failure } from '../api/errors';
import type { Model } from '../api/types';
import { titleOf } from '../text/format';
import { connection } from './connection.svelte';
import { newId } from './id';
import { library } from './library.svelte';
import { models } from './models.svelte';
import { requestFor } from './request';
import { Run } from './run.svelte';
import { settings } from './settings.svelte';
import { append, pathOf, removeLeaf, showSibling, type Conversation, type Node } from './tree';

const SAVE_EVERY_MS = 1500;

export class Chat {
  tree = $state() as Conversation;
  run = $state.raw<Run>();
  draft = $state('');
  /** Why the last message could not be sent; its text is back in `draft`. */
  unsent = $state.raw<Failure>();
  /** Whether something was asked since this page has had the chat open. */
  asked = false;
  /** The question that is being rewritten. */
  editing = $state<string>();
  path = $derived(pathOf(this.tree));
  #savedAt = 0;

  constructor(tree: Conversation) {
    this.tree = tree;
  }

  get id() {
    return this.tree.id;
  }

  get isEmpty() {
    return this.path.length === 0;
  }

  /** Asks; blank text is ignored. Returns whether a question went out. */
  send(text: string): boolean {
    const model = models.current;
    if (!text.trim() || this.run || !model) return false;
    this.draft = '';
    this.unsent = undefined;
    if (this.isEmpty) this.tree.title = titleOf(text);
    const question = this.#add({ role: 'user', parent: this.path.at(-1)?.id ?? null, text });
    void this.#answer(question, model, text);
    return true;
  }

  /** Asks the question again in other words, beside the first attempt. */
  edit(id: string, text: string) {
    const model = models.current;
    const old = this.tree.nodes[id];
    if (!text.trim() || this.run || !old || !model) return;
    void this.#answer(this.#add({ role: 'user', parent: old.parent, text }), model);
  }

  /** Writes another answer to the same question. */
  regenerate(id: string, model = models.current) {
    const parent = this.tree.nodes[this.tree.nodes[id]?.parent ?? ''];
    if (this.run || !parent || !model) return;
    void this.#answer(parent, model);
  }

  /** Goes on where the answer broke off. */
  proceed(id: string) {
    const node = this.tree.nodes[id];
    const model = models.find(node?.model) ?? models.current;
    if (this.run || !node || !model) return;
    node.failure = node.finish = undefined;
    void this.#write(node, model);
  }

  /** Tries a failed answer again in its own place. */
  retry(id: string) {
    const node = this.tree.nodes[id];
    const model = models.current;
    if (this.run || !node || !model) return;
    if (node.content) return this.proceed(id);
    Object.assign(node, { failure: undefined, finish: undefined, reasoning: undefined });
    node.reasoningMs = undefined;
    node.model = model.id;
    void this.#write(node, model);
  }

  stop() {
    this.run?.abort.abort();
  }

  sibling(id: string, step: number) {
    if (this.run) return;
    showSibling(this.tree, id, step);
    this.#save();
  }

  #add(part: { role: Node['role']; parent: string | null; text: string; model?: string }): Node {
    const { text, ...rest } = part;
    const id = newId();
    append(this.tree, { id, ...rest, content: text, createdAt: Date.now(), status: 'done' });
    this.tree.updatedAt = Date.now();
    return this.tree.nodes[id]!;
  }

  /** `draft`: give the text back to the composer if the server was never reached. */
  async #answer(question: Node, model: Model, draft?: string) {
    const answer = this.#add({ role: 'assistant', parent: question.id, text: '', model: model.id });
    const run = await this.#write(answer, model);
    if (draft === undefined || run.opened || answer.failure?.kind !== 'offline') return;
    this.unsent = answer.failure;
    removeLeaf(this.tree, answer.id);
    removeLeaf(this.tree, question.id);
    if (!this.draft) this.draft = draft;
    if (this.isEmpty) await library.withdraw(this);
    else this.#save();
  }

  async #write(answer: Node, model: Model): Promise<Run> {
    const run = new Run(answer, new AbortController());
    const request = requestFor(this.tree, answer, model, settings.current);
    answer.status = 'writing';
    this.run = run;
    this.asked = true;
    library.running.add(this.id);
    this.#save();
    const watch = setTimeout(() => void models.refresh(), 500);
    try {
      for await (const event of streamChat(request, run.abort.signal)) {
        run.take(event);
        if (performance.now() - this.#savedAt > SAVE_EVERY_MS) this.#save();
      }
      answer.status = 'done';
    } catch (error) {
      this.#fail(run, error);
    }
    clearTimeout(watch);
    run.close();
    this.run = undefined;
    library.running.delete(this.id);
    this.tree.updatedAt = Date.now();
    this.#save();
    if (model.state !== 'loaded') void models.refresh();
    return run;
  }

  #fail(run: Run, error: unknown) {
    if (run.abort.signal.aborted) {
      run.node.status = 'stopped';
      return;
    }
    run.node.status = 'failed';
    run.node.failure = error instanceof RequestError ? error.failure : lost();
    if (run.node.failure.kind !== 'refused') void connection.check();
  }

  #save() {
    this.#savedAt = performance.now();
    void library.save($state.snapshot(this.tree) as Conversation);
  }
}
