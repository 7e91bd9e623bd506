// What one layer keeps between steps.
#pragma once

#include <cstddef>
#include <optional>

#include "nn/kv_pages.h"

namespace hearth::nn {

/// What a layer asks of the cache: keys and values in pages, those of an earlier layer, or nothing.
struct CacheShape {
  std::optional<KvShape> kv = {};
  std::optional<std::size_t> shares = {};  ///< index of the layer whose cache it reads
};

/// The cache as a layer sees it in one step; what it did not ask for is nullptr.
struct LayerCache {
  KvPages* kv = nullptr;
};

}  // namespace hearth::nn
