// What all models share: caches, and the boundary where MLX's exceptions become errors.
#include "models/model.h"

#include <algorithm>
#include <exception>
#include <mlx/memory.h>
#include <utility>

#include "nn/matrix.h"

namespace hearth::models {

namespace {

/// Activations, keys and values: float32 on the CPU, elsewhere as the weights are stored.
nn::mx::Dtype compute_dtype(const ModelFacts& facts) {
  if (nn::on_cpu() || facts.dtype == "float32") return nn::mx::float32;
  return facts.dtype == "float16" ? nn::mx::float16 : nn::mx::bfloat16;
}

/// What the results of a step's operations that are not yet computed may hold: many layers of a few
/// tokens, one or two of a long prompt.
constexpr std::size_t kAheadBytes = std::size_t{64} << 20;

/// On the CPU MLX takes memory for results up to a hundred operations before it computes them: for
/// all layers of a prompt at once. Beyond its memory limit it waits for what it has begun.
void hold_back() {
  if (nn::on_cpu()) nn::mx::set_memory_limit(nn::mx::get_active_memory() + kAheadBytes);
}

}  // namespace

Model::Model(ModelFacts facts, std::vector<nn::CacheShape> layers)
    : facts_(std::move(facts)), layers_(std::move(layers)) {
  for (nn::CacheShape& layer : layers_)
    if (layer.kv) layer.kv->dtype = compute_dtype(facts_);
}

std::unique_ptr<Cache> Model::make_cache(std::size_t pages, std::size_t states,
                                         std::size_t windows) const {
  const CacheLimits limits{.pages = pages, .states = states, .windows = window() > 0 ? windows : 0};
  return std::make_unique<Cache>(layers_, limits, rows_);
}

std::size_t Model::page_bytes() const {
  std::size_t bytes = 0;
  for (const nn::CacheShape& layer : layers_)
    if (layer.kv) bytes += layer.kv->page_bytes();
  return bytes;
}

std::size_t Model::window_page_bytes() const {
  std::size_t bytes = 0;
  for (const nn::CacheShape& layer : layers_)
    if (layer.kv && layer.kv->window > 0) bytes += layer.kv->page_bytes();
  return bytes;
}

int Model::window() const {
  int widest = 0;
  for (const nn::CacheShape& layer : layers_)
    if (layer.kv) widest = std::max(widest, layer.kv->window);
  return widest > 0 ? nn::tokens_read(widest) : 0;
}

std::size_t Model::state_bytes() const {
  std::size_t bytes = 0;
  for (const nn::CacheShape& layer : layers_)
    for (const nn::StateShape& state : layer.states) bytes += state.bytes();
  return bytes;
}

Result<AdapterFacts> Model::add_adapter(int number, const std::filesystem::path& folder) {
  Adapter adapter = TRY(read_adapter(folder, facts_.model_type, *adapters_, rows_));
  for (auto& [path, addition] : adapter.layers)
    adapters_->layers.find(path)->second->put(number, std::move(addition));
  return adapter.facts;
}

void Model::remove_adapter(int number) {
  for (const auto& [path, slots] : adapters_->layers) slots->remove(number);
}

Result<nn::mx::array> Model::forward(const nn::StepBatch& batch, Cache& cache) const {
  try {
    cache.begin(batch);
    hold_back();
    adapters_->rows->follow(batch);
    return logits(batch, cache);
  } catch (const std::bad_alloc&) {
    throw;  // the step's caller knows what to do about it
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "the step cannot be built: {}", error.what());
  }
}

}  // namespace hearth::models
