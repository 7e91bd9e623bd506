// A prompt's pages and state in a file, and back: what was read once need not be read again.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "models/cache.h"

namespace hearth::models {

/// What a file of saved pages says of itself.
struct SavedPrompt {
  std::vector<std::int32_t> tokens;  ///< all that lie in the pages
  /// Whatever else decides the values: model, revision, adapters, rope. The caller compares it.
  std::string identity;
};

/// Where a prompt lies in a cache.
struct PromptPlace {
  std::vector<std::int32_t> pages;  ///< in the order of its tokens
  int state = -1;                   ///< the state behind its last token; recurrent models only
};

/// Writes a safetensors file: keys, values and states of every layer in the dtype they are held in,
/// the tokens and the identity. The file appears whole or not at all.
///
/// @returns InvalidArgument where the place does not fit the tokens or the cache, Io.
/// Thread: engine only, between steps.
Result<void> save_prompt(Cache& cache, const PromptPlace& place, const SavedPrompt& prompt,
                         const std::filesystem::path& path);

/// Tokens and identity alone: what it takes to choose a place. Reads no pages.
/// @returns NotFound, CorruptData, Io.
Result<SavedPrompt> read_saved_prompt(const std::filesystem::path& path);

/// Puts the file's pages and state to `place`, in any pages of a cache of the same model.
/// @returns as read_saved_prompt; CorruptData where the file does not fit the cache or the place.
Result<void> load_prompt(Cache& cache, const PromptPlace& place, const std::filesystem::path& path);

}  // namespace hearth::models
