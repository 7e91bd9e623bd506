// The merges of a BPE tokenizer.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "gguf/value.h"
#include "gguf/vocabulary.h"

namespace hearth::gguf {

/// Left and right, in the order of their ranks.
using Merges = std::vector<std::pair<std::string, std::string>>;

/// tokenizer.ggml.merges. @returns CorruptData that names the merge: halves or a whole that are no
/// tokens.
Result<Merges> read_merges(const Metadata& metadata, const Vocabulary& vocabulary);

/// Merges that put pieces together in the order in which SentencePiece does: the piece with the
/// highest score first. A piece may come of several pairs; the longer left half comes first.
///
/// @returns UnsupportedArgument where two pieces have one score, so that their order is open
Result<Merges> merges_by_score(const Vocabulary& vocabulary);

}  // namespace hearth::gguf
