// Metadata out of tokenizer.json and tokenizer_config.json.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "gguf/tokenizer_json.h"
#include "gguf/value.h"

namespace hearth::gguf {

/// What GGUF says of a tokenizer: byte-level BPE as "gpt2", SentencePiece's BPE as "llama".
///
/// @param files  as the model's folder has them
/// @param size   tokens that the embedding has; ids without a token get names of their own
/// @returns      CorruptData or UnsupportedArgument, by file and member: a tokenizer of another
///               kind, a way of cutting words or an order of merges that GGUF cannot express
Result<Metadata> tokenizer_metadata(const TokenizerFiles& files, std::size_t size);

}  // namespace hearth::gguf
