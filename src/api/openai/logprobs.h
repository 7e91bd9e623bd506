// Log-probabilities in the two forms of the OpenAI wire.
#pragma once

#include <span>
#include <string>

#include "engine/engine.h"

namespace hearth::api::openai {

/// Chat: `{"content":[{token, logprob, bytes, top_logprobs[]}],"refusal":null}`; with reasoning, if
/// there is any, under `reasoning_content`.
void append_chat_logprobs(std::string& out, std::span<const engine::TokenReport> content,
                          std::span<const engine::TokenReport> reasoning);

/// Text completions: `{"tokens":[],"token_logprobs":[],"top_logprobs":[],"text_offset":[]}`.
/// A token that is no whole text is written as `bytes:\xNN..`.
void append_text_logprobs(std::string& out, std::span<const engine::TokenReport> reports);

}  // namespace hearth::api::openai
