// The shapes of the OpenAI wire that the chat page reads and writes.

export type Role = 'system' | 'user' | 'assistant';

export interface WireMessage {
  role: Role;
  content: string;
  reasoning_content?: string;
}

export interface ChatRequest {
  model: string;
  messages: WireMessage[];
  stream: true;
  stream_options: { include_usage: true };
  /** Asks for chunks that tell how much of the prompt has been read. */
  return_progress: true;
  temperature?: number;
  top_p?: number;
  max_tokens?: number;
  chat_template_kwargs?: { enable_thinking: boolean };
  continue_final_message?: boolean;
  add_generation_prompt?: boolean;
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

/** Measured by the engine; durations in milliseconds, rates in tokens per second. */
export interface Timings {
  prompt_n: number;
  cache_n: number;
  prompt_ms: number;
  prompt_per_second: number;
  predicted_n: number;
  predicted_ms: number;
  predicted_per_second: number;
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter';

/** How many of the prompt's tokens have been read. */
export interface PromptProgress {
  total: number;
  processed: number;
}

export interface ChatChunk {
  choices?: {
    delta?: { content?: string | null; reasoning_content?: string | null };
    finish_reason?: FinishReason | null;
  }[];
  usage?: Usage | null;
  timings?: Timings;
  prompt_progress?: PromptProgress;
  error?: WireError;
}

export interface WireError {
  message?: string;
  type?: string;
  param?: string | null;
  code?: string | number | null;
}

export type ModelState = 'loaded' | 'loading' | 'unloaded';

export interface Model {
  id: string;
  display_name?: string;
  owned_by?: string;
  state?: ModelState;
  context_length?: number;
  max_model_len?: number;
  capabilities?: string[];
  /** Why the model cannot be used, if it cannot. */
  fault?: string;
}
