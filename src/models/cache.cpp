// Growing pools and one attention plan per kind of layer.
#include "models/cache.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>

namespace hearth::models {

namespace {

constexpr std::size_t kFirstPages = 16;

std::size_t highest_page(const nn::StepBatch& batch) {
  std::int32_t highest = 0;
  for (const nn::Segment& segment : batch.segments)
    highest = std::max(highest, *std::ranges::max_element(segment.pages));
  return static_cast<std::size_t>(highest);
}

}  // namespace

Cache::Cache(const std::vector<nn::CacheShape>& layers, std::size_t pages) : pages_(pages) {
  for (const nn::CacheShape& layer : layers) {
    assert((!layer.shares || *layer.shares < source_.size()) && "only earlier layers are shared");
    source_.push_back(layer.shares.value_or(source_.size()));
    kv_.push_back(layer.kv ? std::optional<nn::KvPages>(*layer.kv) : std::nullopt);
  }
}

nn::LayerCache Cache::layer(std::size_t index) {
  std::optional<nn::KvPages>& kv = kv_[source_[index]];
  return {.kv = kv ? &*kv : nullptr};
}

void Cache::begin(const nn::StepBatch& batch) {
  const std::size_t needed = highest_page(batch) + 1;
  if (needed > pages_)
    throw std::invalid_argument(
        fmt::format("page {} is beyond the cache's {} pages", needed - 1, pages_));
  const bool grows = needed > grown_;
  if (grows) grown_ = std::min(pages_, std::max({needed, 2 * grown_, kFirstPages}));
  std::map<std::pair<int, int>, std::shared_ptr<const nn::AttentionPlan>> plans;
  for (std::optional<nn::KvPages>& kv : kv_) {
    if (!kv) continue;
    if (grows) kv->grow(grown_);
    const nn::KvShape& shape = kv->shape();
    auto& plan = plans[{shape.kv_heads, shape.window}];
    if (!plan)
      plan = std::make_shared<const nn::AttentionPlan>(
          nn::plan_attention(batch, shape.kv_heads, shape.window));
    kv->follow(plan);
  }
}

std::vector<nn::mx::array> Cache::arrays() const {
  std::vector<nn::mx::array> arrays;
  for (const std::optional<nn::KvPages>& kv : kv_) {
    if (!kv) continue;
    arrays.push_back(kv->keys());
    arrays.push_back(kv->values());
  }
  return arrays;
}

std::size_t Cache::bytes() const {
  std::size_t sum = 0;
  for (const std::optional<nn::KvPages>& kv : kv_) sum += kv ? kv->bytes() : 0;
  return sum;
}

}  // namespace hearth::models
