// How strongly an adapter adds, and how its tensors are laid out.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace hearth::models {

/// One of the two layouts in use.
struct AdapterLayout {
  std::string_view file;      ///< of its tensors
  std::string_view prefix;    ///< in front of a layer's path; may be empty
  std::string_view down, up;  ///< endings of a layer's two tensors
  bool transposed = false;    ///< down is [K, r] and up [r, N]
};

struct AdapterConfig {
  AdapterLayout layout;
  double scale = 1.0;   ///< of the product, where `rooted` and `alpha` do not set it by rank
  double alpha = 0.0;   ///< PEFT: scale = alpha / r, with the rank of each layer; 0: `scale`
  bool rooted = false;  ///< PEFT's rank-stabilised form: alpha / sqrt(r)

  double scale_of(int rank) const;
};

/// @returns NotFound, CorruptData, or UnsupportedArgument for what is no plain LoRA.
Result<AdapterConfig> read_adapter_config(const std::filesystem::path& folder);

}  // namespace hearth::models
