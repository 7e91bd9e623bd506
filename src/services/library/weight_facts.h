// How many weights a folder holds, from the headers of its files.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/json.h"
#include "base/result.h"
#include "base/safetensors_header.h"

namespace hearth::services {

struct WeightFacts {
  std::uint64_t parameters = 0;  ///< counted unpacked
  std::uint64_t bytes = 0;       ///< of all tensors, as stored
};

/// Reads the headers of the safetensors files of the folder, no weight.
/// @param config  config.json, which says how tensors are packed
/// @returns       CorruptData or Io naming the file
Result<WeightFacts> weight_facts(const std::filesystem::path& folder, const json::object& config);

/// The table of one safetensors file. @returns CorruptData or Io, without the file's name
Result<base::TensorTable> tensor_table(const std::filesystem::path& file);

}  // namespace hearth::services
