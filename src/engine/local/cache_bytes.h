// Pieces of a cache between the device and plain memory.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/prompts/cache_tensor.h"
#include "nn/mlx.h"

namespace hearth::engine {

/// Evaluated arrays, by their names in the cache, as bytes. Names with ".states." are states.
Result<std::vector<CacheTensor>> to_bytes(const std::map<std::string, nn::mx::array>& arrays);

/// And back. CorruptData where bytes and shape contradict each other or the dtype is unknown.
/// Thread: engine only.
Result<std::map<std::string, nn::mx::array>> to_arrays(const std::vector<CacheTensor>& tensors);

}  // namespace hearth::engine
