// The files of a converted model beside its weights.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace hearth::convert {

/// Reads a JSON object. @returns NotFound, CorruptData, Io; messages name the file.
Result<json::object> read_json_object(const std::filesystem::path& path);

/// config.json of the converted model: what the source says, `quantization` (twice, since tools
/// look for it under two names), the generation's end tokens, keys sorted. Parts that the converted
/// model has not are left out (a vision tower).
std::string config_text(json::object config, const json::object& generation,
                        const std::optional<json::object>& quantization);

/// README.md: a card with the source's own metadata and what MLX's tools add, and one sentence.
std::string card_text(std::string_view source_card, const std::string& base_model,
                      const std::string& how);

/// Which files of the source go along, and which stay behind (weights not counted).
struct SideFiles {
  std::vector<std::string> copied;
  std::vector<std::string> left;
};
SideFiles side_files(const std::filesystem::path& folder);

/// Copies content, not links. @returns Io.
Result<void> copy_files(const std::filesystem::path& source, const std::filesystem::path& target,
                        const std::vector<std::string>& names);

}  // namespace hearth::convert
