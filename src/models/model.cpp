// What all models share: caches, and the boundary where MLX's exceptions become errors.
#include "models/model.h"

#include <exception>
#include <utility>

namespace hearth::models {

Model::Model(ModelFacts facts, std::vector<nn::KvShape> layers)
    : facts_(std::move(facts)), layers_(std::move(layers)) {}

std::unique_ptr<Cache> Model::make_cache(std::size_t pages) const {
  return std::make_unique<Cache>(layers_, pages);
}

std::size_t Model::page_bytes() const {
  std::size_t bytes = 0;
  for (const nn::KvShape& layer : layers_) bytes += layer.page_bytes();
  return bytes;
}

Result<nn::mx::array> Model::forward(const nn::StepBatch& batch, Cache& cache) const {
  try {
    cache.begin(batch);
    return logits(batch, cache);
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "the step cannot be built: {}", error.what());
  }
}

}  // namespace hearth::models
