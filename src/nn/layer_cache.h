// What one layer keeps between steps.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "nn/kv_pages.h"
#include "nn/state_slots.h"

namespace hearth::nn {

/// What a layer asks of the cache: keys and values in pages, a state per sequence, both, those of
/// an earlier layer, or nothing.
struct CacheShape {
  std::optional<KvShape> kv = {};
  std::vector<StateShape> states = {};     ///< the arrays of its state; empty: it has none
  std::optional<std::size_t> shares = {};  ///< index of the layer whose cache it reads
};

/// The cache as a layer sees it in one step; what it did not ask for is nullptr.
struct LayerCache {
  KvPages* kv = nullptr;
  StateSlots* states = nullptr;
};

}  // namespace hearth::nn
