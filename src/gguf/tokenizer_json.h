// tokenizer.json and tokenizer_config.json out of metadata.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "gguf/value.h"

namespace hearth::gguf {

struct TokenizerFiles {
  json::object tokenizer;     ///< tokenizer.json
  json::object config;        ///< tokenizer_config.json
  std::string chat_template;  ///< chat_template.jinja; empty where there is none
};

/// What Hugging Face's files would say of the tokenizer: byte-level BPE ("gpt2") as it is, and
/// SentencePiece's ("llama") as BPE whose merges follow from the scores.
///
/// @returns CorruptData, or UnsupportedArgument where the files could not say the same: another
///          tokenizer, a way of cutting words that is not known, scores that leave the order open
Result<TokenizerFiles> tokenizer_files(const Metadata& metadata);

}  // namespace hearth::gguf
