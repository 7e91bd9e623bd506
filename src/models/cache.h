// The keys and values of all sequences, layer by layer, in numbered pages.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "nn/kv_pages.h"
#include "nn/layer_cache.h"
#include "nn/step_batch.h"

namespace hearth::models {

/// Owns the arrays behind the page numbers. Which sequence holds which page is bookkeeping of the
/// engine; a page here is kPageTokens slots in every layer at once.
///
/// Memory grows with the highest page number ever used (doubling, up to the limit), so hand out low
/// numbers first. Page contents stay until they are overwritten: nothing needs to be cleared.
///
/// Thread: engine only.
class Cache {
 public:
  /// @param layers  one shape per layer of the model; a layer shares only what an earlier one has
  /// @param pages   limit: page numbers lie in [0, pages)
  Cache(const std::vector<nn::CacheShape>& layers, std::size_t pages);

  /// Called by Model::forward: makes room for the step's pages and plans its attention once for
  /// all layers. @throws std::invalid_argument for a page number beyond the limit.
  void begin(const nn::StepBatch& batch);

  /// What the layer asked for, its own or that of the layer it shares.
  nn::LayerCache layer(std::size_t index);

  /// What to evaluate together with the step's logits, so that keys and values are really written
  /// even where no logits were wanted. Cheap handles.
  std::vector<nn::mx::array> arrays() const;

  /// Page numbers lie in [0, pages()).
  std::size_t pages() const { return pages_; }
  /// Memory held now by keys and values.
  std::size_t bytes() const;

 private:
  std::size_t pages_;                // limit
  std::size_t grown_ = 0;            // pages that exist now
  std::vector<std::size_t> source_;  // per layer: whose cache it uses, usually its own
  std::vector<std::optional<nn::KvPages>> kv_;
};

}  // namespace hearth::models
