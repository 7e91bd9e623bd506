// One pass through a decoder.
#include "models/decoder.h"

#include <utility>

#include "nn/elementwise.h"

namespace hearth::models {

namespace mx = nn::mx;

namespace {

std::vector<nn::CacheShape> cache_shapes(const std::vector<nn::Block>& blocks) {
  std::vector<nn::CacheShape> shapes;
  shapes.reserve(blocks.size());
  for (const nn::Block& block : blocks)
    shapes.push_back(block.mixer ? block.mixer->cache() : nn::CacheShape{});
  return shapes;
}

/// Whether every row's logits are wanted, as they come: while sequences do nothing but decode.
bool all_in_order(const nn::StepBatch& batch) {
  if (std::ssize(batch.wanted) != batch.tokens()) return false;
  for (std::size_t i = 0; i < batch.wanted.size(); ++i)
    if (batch.wanted[i] != static_cast<std::int32_t>(i)) return false;
  return true;
}

}  // namespace

mx::array wanted_rows(const mx::array& hidden, const nn::StepBatch& batch) {
  const int rows = static_cast<int>(batch.wanted.size());
  if (all_in_order(batch)) return hidden;
  return mx::take(hidden, mx::array(batch.wanted.data(), {rows}, mx::int32), 0);
}

Decoder::Decoder(const ModelFacts& facts, DecoderParts parts)
    : Model(facts, cache_shapes(parts.blocks)), parts_(std::move(parts)) {}

/// [T, D]
mx::array Decoder::embed(const nn::StepBatch& batch) const {
  const mx::array x = nn::scaled(parts_.embedding(batch.ids), parts_.embedding_scale);
  return parts_.positions ? nn::added(x, (*parts_.positions)(batch.positions)) : x;
}

mx::array Decoder::logits(const nn::StepBatch& batch, Cache& cache) const {
  const nn::StepContext step(batch);
  mx::array x = nn::computed(embed(batch));
  for (std::size_t i = 0; i < parts_.blocks.size(); ++i)
    x = parts_.blocks[i](x, step, cache.layer(i));
  const mx::array head = parts_.head(parts_.norm(wanted_rows(x, batch)));  // [R, V]
  mx::array logits = nn::scaled(mx::astype(head, mx::float32), parts_.logit_scale);
  if (parts_.logit_softcap == 0.0F) return logits;
  const mx::array cap(parts_.logit_softcap);
  return mx::multiply(mx::tanh(mx::divide(logits, cap)), cap);
}

}  // namespace hearth::models
