// A LoRA adapter's folder, in mlx-lm's layout or PEFT's, as additions to a model's layers.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "nn/low_rank.h"
#include "nn/row_policy.h"

namespace hearth::models {

/// What can be told about an adapter.
struct AdapterFacts {
  int rank = 0;  ///< the largest of its layers'
  std::size_t layers = 0;
  std::size_t bytes = 0;  ///< in memory
};

struct Adapter {
  std::map<std::string, nn::LowRank> layers;  ///< by canonical path
  AdapterFacts facts;
};

/// Reads adapter_config.json and the tensors beside it, checked against the layers they add to.
///
/// @param model_type  whose names the tensors bear
/// @returns  NotFound, CorruptData or UnsupportedArgument, naming file and field or tensor
Result<Adapter> read_adapter(const std::filesystem::path& folder, std::string_view model_type,
                             const nn::AdapterTargets& targets, nn::RowPolicy rows);

}  // namespace hearth::models
