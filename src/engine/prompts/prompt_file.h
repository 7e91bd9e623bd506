// A saved prompt as a safetensors file that proves its own content.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/prompts/cache_tensor.h"

namespace hearth::engine {

/// What a file of a saved prompt says of itself.
struct SavedPrompt {
  std::string id;               ///< 32 hexadecimal digits out of identity, salt and tokens
  std::string name;             ///< the user's word for it; may be empty
  std::string model;            ///< as the library called it
  std::string fingerprint;      ///< of the model
  std::string identity;         ///< all else of model, build and options that decides the values
  std::string salt;             ///< SequenceTraits::salt of its tokens
  std::int64_t created_s = 0;   ///< since 1970, UTC
  std::uint64_t bytes = 0;      ///< of the file
  std::vector<TokenId> tokens;  ///< whole pages of them
};

struct PromptContent {
  SavedPrompt prompt;
  std::vector<CacheTensor> tensors;
};

/// The id that such a prompt has.
std::string prompt_id(const SavedPrompt& prompt);

/// Writes the file; it appears whole or not at all. Its header holds the SHA-256 of the file, taken
/// with zeros where the hash stands.
/// @returns the file's size; Io.
Result<std::uint64_t> write_prompt(const std::filesystem::path& path, const PromptContent& content);

/// What the file says of itself; its hash is not checked. @returns NotFound, CorruptData, Io.
Result<SavedPrompt> read_prompt_head(const std::filesystem::path& path);

/// The whole file, checked against its hash. @returns NotFound, CorruptData, Io.
Result<PromptContent> read_prompt(const std::filesystem::path& path);

}  // namespace hearth::engine
