// From the messages on show and the settings to the request that goes over the wire.
import type { ChatRequest, Model, WireMessage } from '../api/types';
import { canThink } from './models.svelte';
import type { ChatSettings } from './settings.svelte';
import { ancestorsOf, type Conversation, type Node } from './tree';

/** The request that writes `answer`, or writes it on when it already holds text. */
export function requestFor(
  tree: Conversation,
  answer: Node,
  model: Model,
  settings: ChatSettings,
): ChatRequest {
  const messages = ancestorsOf(tree, answer.id).filter(isSaid).map(toWire);
  const system = settings.system.trim();
  if (system) messages.unshift({ role: 'system', content: system });
  const goesOn = answer.content !== '';
  if (goesOn) messages.push({ ...toWire(answer), reasoning_content: answer.reasoning });
  return {
    model: model.id,
    messages,
    stream: true,
    stream_options: { include_usage: true },
    return_progress: true,
    temperature: settings.temperature,
    top_p: settings.topP,
    ...(settings.maxTokens === null ? {} : { max_tokens: settings.maxTokens }),
    ...(canThink(model) ? { chat_template_kwargs: { enable_thinking: settings.thinking } } : {}),
    ...(goesOn ? { continue_final_message: true, add_generation_prompt: false } : {}),
  };
}

/** An answer that failed before its first word was never said. */
const isSaid = (node: Node) => node.role === 'user' || node.content !== '';

const toWire = (node: Node): WireMessage => ({ role: node.role, content: node.content });
