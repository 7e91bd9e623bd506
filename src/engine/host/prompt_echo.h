// The prompt's text as the beginning of a reply.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/chances.h"
#include "engine/host/token_trace.h"
#include "text/stream_decoder.h"

namespace hearth::engine {

/// A prompt as it is told back.
struct EchoedPrompt {
  std::vector<TokenId> tokens;  ///< at least one
  std::size_t added_front = 0;  ///< tokens that the tokenizer put before the client's text
  std::size_t added_back = 0;   ///< and behind it; neither is shown
};

/// Gives the text of the prompt's tokens, control tokens and all. Owner: one reply.
class PromptEcho {
 public:
  PromptEcho(std::shared_ptr<const text::Tokenizer> tokenizer, EchoedPrompt prompt);

  bool done() const { return next_ == prompt_.tokens.size(); }

  /// The whole text, where nobody asks for its tokens.
  std::string whole();

  /// The text of the tokens whose chances are known now: every token's but the first one's, in
  /// order. Tokens go to `trace` with their places.
  std::string add(std::span<const RowChances> chances, TokenTrace& trace);

 private:
  bool is_shown(std::size_t index) const;
  void push(const std::optional<RowChances>& chances, TokenTrace& trace, std::string& text);

  EchoedPrompt prompt_;
  text::StreamDecoder decoder_;
  std::size_t next_ = 0;
};

}  // namespace hearth::engine
