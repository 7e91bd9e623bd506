// Projections, norms and rotation around the cache's attention.
#include "nn/attention.h"

#include <cmath>
#include <utility>
#include <vector>

#include "kernels/host_operation.h"
#include "nn/joint_products.h"

namespace hearth::nn {

namespace {

AttentionSpec completed(AttentionSpec spec) {
  if (spec.value_dim == 0) spec.value_dim = spec.head_dim;
  if (spec.scale == 0.0F) spec.scale = 1.0F / std::sqrt(static_cast<float>(spec.head_dim));
  return spec;
}

/// [T, count * Dh] → [T, count, Dh]
mx::array heads(const mx::array& flat, int count) {
  return kernels::reshaped(flat, {flat.shape(0), count, flat.shape(1) / count});
}

/// [T, count, Dh] → [T, count * Dh]
mx::array flat(const mx::array& heads) {
  return kernels::reshaped(heads, {heads.shape(0), heads.shape(1) * heads.shape(2)});
}

/// [heads, Dh]: stored in one tensor, or in one for each head.
mx::array own_weights(int heads, int head_dim, const Scope& weights) {
  if (!weights.has("norms.0.weight")) return weights.tensor("weight", {heads, head_dim});
  std::vector<mx::array> rows;
  rows.reserve(static_cast<std::size_t>(heads));
  for (int head = 0; head < heads; ++head)
    rows.push_back(weights.tensor(fmt::format("norms.{}.weight", head), {head_dim}));
  return mx::stack(rows, 0);
}

/// The norm `name` of all heads of queries or keys.
Norm head_norm(const QkNorm& spec, const mx::Shape& heads, std::string_view name,
               const Scope& weights) {
  if (spec.over == QkNorm::Over::OwnHead)
    return {spec.norm, own_weights(heads[0], heads[1], weights.scope(name)), {}};
  const bool all = spec.over == QkNorm::Over::AllHeads;
  return weights.norm(name, all ? heads[0] * heads[1] : heads[1], spec.norm);
}

}  // namespace

Attention::Attention(AttentionSpec spec, const Scope& weights)
    : spec_(completed(std::move(spec))),
      output_(weights.linear("o_proj",
                             {spec_.heads * spec_.value_dim, spec_.width, spec_.output_bias})) {
  const int q = spec_.heads * spec_.head_dim;
  const int k = spec_.kv_heads * spec_.head_dim;
  const int v = spec_.kv_heads * spec_.value_dim;
  if (spec_.projections != Projections::Split) {
    fused_ = weights.linear("qkv_proj", {spec_.width, q + k + v, spec_.qkv_bias});
  } else {
    const int gate = spec_.gated ? spec_.heads * spec_.value_dim : 0;
    query_ = weights.linear("q_proj", {spec_.width, q + gate, spec_.qkv_bias});
    if (!spec_.shares) {
      key_ = weights.linear("k_proj", {spec_.width, k, spec_.qkv_bias});
      value_ = weights.linear("v_proj", {spec_.width, v, spec_.qkv_bias});
    }
  }
  if (const auto& norm = spec_.qk_norm) {
    query_norm_ = head_norm(*norm, {spec_.heads, spec_.head_dim}, "q_norm", weights);
    if (!spec_.shares)
      key_norm_ = head_norm(*norm, {spec_.kv_heads, spec_.head_dim}, "k_norm", weights);
  }
  if (spec_.value_norm) value_norm_ = Norm(*spec_.value_norm, {}, {});
  if (spec_.sinks) sinks_ = weights.tensor("sinks", {spec_.heads});
}

CacheShape Attention::cache() const {
  if (spec_.shares) return {.shares = spec_.shares};
  return {.kv = KvShape{.kv_heads = spec_.kv_heads,
                        .head_dim = spec_.head_dim,
                        .value_dim = spec_.value_dim,
                        .window = spec_.window}};
}

Attention::Heads Attention::project(const mx::array& x) const {
  if (!fused_) {
    std::vector<const Linear*> layers{&*query_};
    if (key_) layers.insert(layers.end(), {&*key_, &*value_});
    const auto flat = products(x, layers);
    Heads made{.q = heads(flat[0], spec_.heads), .k = {}, .v = {}};
    if (key_) {
      made.k = heads(flat[1], spec_.kv_heads);
      made.v = heads(flat[2], spec_.kv_heads);
    }
    if (!spec_.gated) return made;
    const auto parts = mx::split(made.q, mx::Shape{spec_.head_dim}, 2);
    made.q = parts[0];
    made.gate = parts[1];
    return made;
  }
  const mx::array fused = (*fused_)(x);
  return spec_.projections == Projections::Fused ? split(fused) : split_by_head(fused);
}

Attention::Heads Attention::split(const mx::array& fused) const {
  const int keys = spec_.heads * spec_.head_dim;
  const int values = keys + spec_.kv_heads * spec_.head_dim;
  const auto parts = mx::split(fused, mx::Shape{keys, values}, 1);
  return {heads(parts[0], spec_.heads), heads(parts[1], spec_.kv_heads),
          heads(parts[2], spec_.kv_heads)};
}

Attention::Heads Attention::split_by_head(const mx::array& fused) const {
  const int keys = spec_.heads / spec_.kv_heads * spec_.head_dim;
  const mx::array groups = heads(fused, spec_.kv_heads);  // [T, K, (G + 1) Dh + Dv]
  const auto parts = mx::split(groups, mx::Shape{keys, keys + spec_.head_dim}, 2);
  return {mx::reshape(parts[0], {fused.shape(0), spec_.heads, spec_.head_dim}), parts[1], parts[2]};
}

/// Norm and rotation in the spec's order.
mx::array Attention::placed(mx::array x, const std::optional<Norm>& norm,
                            const StepContext& step) const {
  const auto normed = [&](const mx::array& y) {
    if (spec_.qk_norm->over != QkNorm::Over::AllHeads) return (*norm)(y);
    return heads((*norm)(flat(y)), y.shape(1));
  };
  if (norm && !spec_.qk_norm->after_rope) x = normed(x);
  if (spec_.rope) x = step.rotation(*spec_.rope)(x);
  return norm && spec_.qk_norm->after_rope ? normed(x) : x;
}

/// [T, 1, 1] float32
mx::array Attention::position_factors(const StepContext& step) const {
  const mx::array positions = mx::astype(step.batch().positions, mx::float32);
  const mx::array spans =
      mx::floor(mx::divide(positions, mx::array(spec_.position_scale->context)));
  const mx::array factors = mx::add(
      mx::multiply(mx::log1p(spans), mx::array(spec_.position_scale->beta)), mx::array(1.0F));
  return mx::reshape(factors, {factors.shape(0), 1, 1});
}

/// Whether placing is what the kernel can do: a norm of each head by itself, and the rotation.
bool Attention::places_alike() const {
  if (spec_.position_scale) return false;
  return !spec_.qk_norm || (spec_.qk_norm->norm.kind == NormSpec::Kind::Rms &&
                            spec_.qk_norm->over != QkNorm::Over::AllHeads);
}

HeadPlacement Attention::placement(const StepContext& step) const {
  HeadPlacement placement{.rotation = spec_.rope ? &step.rotation(*spec_.rope) : nullptr};
  if (!spec_.qk_norm) return placement;
  placement.norm_after_rope = spec_.qk_norm->after_rope;
  const float epsilon = spec_.qk_norm->norm.epsilon;
  placement.query_norm = HeadNormUse{query_norm_->weight(), epsilon};
  if (key_norm_) placement.key_norm = HeadNormUse{key_norm_->weight(), epsilon};
  return placement;
}

mx::array Attention::operator()(const mx::array& x, const StepContext& step,
                                const LayerCache& cache) const {
  const Heads made = project(x);
  const bool left = cache.kv->places_heads() && places_alike();
  mx::array q = left ? made.q : placed(made.q, query_norm_, step);
  if (spec_.position_scale) q = mx::astype(mx::multiply(q, position_factors(step)), made.q.dtype());
  if (made.k)
    cache.kv->append(left ? *made.k : placed(*made.k, key_norm_, step),
                     value_norm_ ? (*value_norm_)(*made.v) : *made.v);
  mx::array mixed =
      cache.kv->attend(q, {.scale = spec_.scale,
                           .softcap = spec_.softcap,
                           .sinks = sinks_,
                           .placement = left ? placement(step) : HeadPlacement{}});  // [T, H, Dv]
  if (made.gate) mixed = mx::multiply(mixed, mx::sigmoid(*made.gate));
  return output_(flat(mixed));
}

}  // namespace hearth::nn
