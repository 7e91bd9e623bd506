// The models the server offers, and the one that new answers come from.
import { RequestError, type Failure } from '../api/errors';
import { listModels } from '../api/models';
import type { Model } from '../api/types';
import { connection } from './connection.svelte';
import { Stored } from './stored.svelte';

class Models {
  list = $state.raw<Model[]>([]);
  status = $state<'loading' | 'ready' | 'failed'>('loading');
  failure = $state.raw<Failure>();
  #last = new Stored<string | null>('hearth.model', null);
  #asked = 0;

  /** The chosen model if it is still offered, else one that is loaded, else the first. */
  get current(): Model | undefined {
    return (
      this.find(this.#last.value) ??
      this.list.find((model) => model.state === 'loaded') ??
      this.list.find((model) => !model.fault)
    );
  }

  find(id: string | null | undefined): Model | undefined {
    return this.list.find((model) => model.id === id);
  }

  choose(id: string) {
    this.#last.value = id;
  }

  /** Reads the list again. Of overlapping calls the last one counts. */
  async refresh() {
    const turn = ++this.#asked;
    try {
      const list = await listModels();
      if (turn !== this.#asked) return;
      this.list = list.filter(canChat);
      this.status = 'ready';
    } catch (error) {
      if (turn !== this.#asked || !(error instanceof RequestError)) return;
      this.failure = error.failure;
      if (!this.list.length) this.status = 'failed';
      if (error.failure.kind === 'offline') connection.suspect();
    }
  }
}

/** Embedding and speech models have no place in a chat; a model that says nothing may try. */
function canChat(model: Model): boolean {
  return !model.capabilities?.length || model.capabilities.includes('completion');
}

export const contextOf = (model?: Model) => model?.max_model_len ?? model?.context_length;
export const canThink = (model?: Model) =>
  !model?.capabilities || model.capabilities.includes('thinking');

export const models = new Models();
