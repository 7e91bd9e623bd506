// model.safetensors.index.json: which tensor lies in which file.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth::base {

/// Tensor name → file name.
using WeightMap = std::map<std::string, std::string, std::less<>>;

/// Reads the index's text. File names are names alone: one with a path in it could point anywhere.
/// @returns CorruptData that names the entry; the caller adds the file.
Result<WeightMap> parse_weight_index(std::string_view text);

}  // namespace hearth::base
