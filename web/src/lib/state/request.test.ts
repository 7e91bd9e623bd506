// What goes over the wire for a conversation and its settings.
import { describe, expect, it } from 'vitest';
import { requestFor } from './request';
import { DEFAULTS } from './settings.svelte';
import { append, type Conversation, type Node } from './tree';

function conversation(...said: Partial<Node>[]): [Conversation, Node] {
  const tree: Conversation = {
    id: 'c',
    title: '',
    createdAt: 0,
    updatedAt: 0,
    nodes: {},
    chosen: {},
  };
  said.forEach((part, i) => {
    const role = i % 2 ? 'assistant' : 'user';
    const parent = i ? `n${i - 1}` : null;
    append(tree, { id: `n${i}`, parent, role, content: '', createdAt: i, status: 'done', ...part });
  });
  return [tree, tree.nodes[`n${said.length - 1}`]!];
}

const model = { id: 'm', capabilities: ['completion', 'thinking'] };

describe('requestFor', () => {
  it('sends what is on show, and asks for the figures', () => {
    const [tree, answer] = conversation({ content: 'Hello' }, {});
    expect(requestFor(tree, answer, model, DEFAULTS)).toEqual({
      model: 'm',
      messages: [{ role: 'user', content: 'Hello' }],
      stream: true,
      stream_options: { include_usage: true },
      return_progress: true,
      temperature: 0.7,
      top_p: 1,
      max_tokens: 1024,
      chat_template_kwargs: { enable_thinking: true },
    });
  });

  it('puts the system prompt first and leaves out answers that never came', () => {
    const [tree, answer] = conversation({ content: 'a' }, { content: '' }, { content: 'b' }, {});
    const settings = { ...DEFAULTS, system: ' Be brief. ', maxTokens: null };
    const request = requestFor(tree, answer, model, settings);
    expect(request.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'a' },
      { role: 'user', content: 'b' },
    ]);
    expect(request).not.toHaveProperty('max_tokens');
  });

  it('does not ask a model to think that cannot', () => {
    const [tree, answer] = conversation({ content: 'a' }, {});
    const request = requestFor(tree, answer, { id: 'm', capabilities: ['completion'] }, DEFAULTS);
    expect(request).not.toHaveProperty('chat_template_kwargs');
  });

  it('goes on with an answer that already has text', () => {
    const [tree, answer] = conversation({ content: 'a' }, { content: 'Once upon' });
    const request = requestFor(tree, answer, model, DEFAULTS);
    expect(request.messages.at(-1)).toMatchObject({ role: 'assistant', content: 'Once upon' });
    expect(request).toMatchObject({ continue_final_message: true, add_generation_prompt: false });
  });
});
