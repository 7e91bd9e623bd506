// Growing pools and one attention plan per kind of layer.
#include "models/cache.h"

#include <algorithm>
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

Cache::Cache(const std::vector<nn::KvShape>& layers, std::size_t pages)
    : pages_(pages), layers_(layers.begin(), layers.end()) {}

void Cache::begin(const nn::StepBatch& batch) {
  const std::size_t needed = highest_page(batch) + 1;
  if (needed > pages_)
    throw std::invalid_argument(
        fmt::format("page {} is beyond the cache's {} pages", needed - 1, pages_));
  if (needed > grown_) {
    grown_ = std::min(pages_, std::max({needed, 2 * grown_, kFirstPages}));
    for (nn::KvPages& layer : layers_) layer.grow(grown_);
  }
  std::map<std::pair<int, int>, std::shared_ptr<const nn::AttentionPlan>> plans;
  for (nn::KvPages& layer : layers_) {
    auto& plan = plans[{layer.shape().kv_heads, layer.shape().window}];
    if (!plan)
      plan = std::make_shared<const nn::AttentionPlan>(
          nn::plan_attention(batch, layer.shape().kv_heads, layer.shape().window));
    layer.follow(plan);
  }
}

std::vector<nn::mx::array> Cache::arrays() const {
  std::vector<nn::mx::array> arrays;
  for (const nn::KvPages& layer : layers_) {
    arrays.push_back(layer.keys());
    arrays.push_back(layer.values());
  }
  return arrays;
}

std::size_t Cache::bytes() const {
  std::size_t sum = 0;
  for (const nn::KvPages& layer : layers_) sum += layer.bytes();
  return sum;
}

}  // namespace hearth::models
