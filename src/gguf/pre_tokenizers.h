// The names that GGUF has for ways of cutting a text into words before its pieces are merged.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"

namespace hearth::gguf {

/// One way, as tokenizer.json spells it.
struct PreTokenizer {
  json::value steps;           ///< the member "pre_tokenizer"
  json::value normalizer;      ///< null or an object
  bool ignore_merges = false;  ///< a word that is a token as it is is not put together
  bool adds_begin = false;     ///< where the file does not say
};

/// By tokenizer.ggml.pre; null for a name whose meaning is not known here.
const PreTokenizer* find_pre_tokenizer(std::string_view name);

/// The name of a tokenizer.json's way; empty where GGUF has none.
std::string_view pre_tokenizer_name(const json::value& steps, bool ignore_merges);

/// "gpt-2, llama-bpe ...".
std::string pre_tokenizer_names();

}  // namespace hearth::gguf
