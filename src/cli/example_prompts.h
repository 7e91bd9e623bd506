// Example prompts for trying a model, by key.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace hearth::cli {

struct ExamplePrompt {
  std::string key;  ///< "simple"
  std::string text;
};

/// Reads example-prompts.json of the folder: an object of texts by key, which people may change.
/// Where there is none it is written with the five that Hearth brings; where that cannot be done
/// these are returned all the same.
/// @returns CorruptData where the file is no such object; the message names it.
Result<std::vector<ExamplePrompt>> example_prompts(const std::filesystem::path& home);

/// The prompt of that key. @returns NotFound with the keys there are.
Result<std::string> example_prompt(const std::filesystem::path& home, const std::string& key);

}  // namespace hearth::cli
