// Which files of a model folder say how its tokenizer works?
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace hearth::text {

/// Of a configuration in a model folder, such as tokenizer_config.json.
inline constexpr std::size_t kMaxConfigBytes = 64u << 20;

/// What a model folder says about its tokenizer.
struct TokenizerFiles {
  std::string tokenizer_json;
  json::object config;  ///< tokenizer_config.json over special_tokens_map.json; empty if neither
};

/// Reads the files. A folder with another form of tokenizer is refused by that form's name.
Result<TokenizerFiles> read_tokenizer_files(const std::filesystem::path& model_folder);

/// The content of a text file of at most `max_bytes`.
Result<std::string> read_text_file(const std::filesystem::path& file, std::size_t max_bytes);

/// bos_token, eos_token ... -> text; a token may be given as a string or as an object.
std::map<std::string, std::string> special_tokens_of(const json::object& config);

/// The added tokens that the configuration knows, as the bridge takes them; "" if none.
std::string late_tokens_of(const json::object& config);

}  // namespace hearth::text
