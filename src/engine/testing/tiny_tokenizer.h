// A tokenizer of bytes and a few control tokens, as model folders hold it.
#pragma once

#include <string>

#include "engine/engine.h"

namespace hearth::engine::testing {

/// Ids 0 to 255 are bytes; these follow.
inline constexpr TokenId kEnd = 256;
inline constexpr TokenId kThink = 257;
inline constexpr TokenId kThinkEnd = 258;
inline constexpr TokenId kUser = 259;
inline constexpr TokenId kBot = 260;
inline constexpr std::uint32_t kVocabulary = 261;

/// What ids 0 to 255 stand for.
enum class TinyTokens {
  Bytes,     ///< themselves
  Readable,  ///< letters and digits themselves, all others their number: "[200]"
};

/// The content of tokenizer.json: byte-level BPE without merges.
std::string tiny_tokenizer_json(TinyTokens tokens = TinyTokens::Bytes);

/// The content of tokenizer_config.json: names the end token; has a chat template with reasoning.
std::string tiny_tokenizer_config();

}  // namespace hearth::engine::testing
