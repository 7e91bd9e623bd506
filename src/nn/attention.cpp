// Projections, norms and rotation around the cache's attention.
#include "nn/attention.h"

#include <cmath>
#include <utility>

namespace hearth::nn {

namespace {

AttentionSpec completed(AttentionSpec spec) {
  if (spec.value_dim == 0) spec.value_dim = spec.head_dim;
  if (spec.scale == 0.0F) spec.scale = 1.0F / std::sqrt(static_cast<float>(spec.head_dim));
  return spec;
}

/// [T, count * Dh] → [T, count, Dh]
mx::array heads(const mx::array& flat, int count) {
  return mx::reshape(flat, {flat.shape(0), count, flat.shape(1) / count});
}

}  // namespace

Attention::Attention(AttentionSpec spec, const Scope& weights)
    : spec_(completed(std::move(spec))),
      output_(weights.linear("o_proj",
                             {spec_.heads * spec_.value_dim, spec_.width, spec_.output_bias})) {
  const int q = spec_.heads * spec_.head_dim;
  const int k = spec_.kv_heads * spec_.head_dim;
  const int v = spec_.kv_heads * spec_.value_dim;
  if (spec_.fused) {
    fused_ = weights.linear("qkv_proj", {spec_.width, q + k + v, spec_.qkv_bias});
  } else {
    query_ = weights.linear("q_proj", {spec_.width, q, spec_.qkv_bias});
    key_ = weights.linear("k_proj", {spec_.width, k, spec_.qkv_bias});
    value_ = weights.linear("v_proj", {spec_.width, v, spec_.qkv_bias});
  }
  if (const auto& norm = spec_.qk_norm) {
    query_norm_ = weights.norm("q_norm", norm->all_heads ? q : spec_.head_dim, norm->norm);
    key_norm_ = weights.norm("k_norm", norm->all_heads ? k : spec_.head_dim, norm->norm);
  }
  if (spec_.sinks) sinks_ = weights.tensor("sinks", {spec_.heads});
}

CacheShape Attention::cache() const {
  return {.kv = KvShape{.kv_heads = spec_.kv_heads,
                        .head_dim = spec_.head_dim,
                        .value_dim = spec_.value_dim,
                        .window = spec_.window}};
}

Attention::Heads Attention::project(const mx::array& x) const {
  if (!fused_)
    return {heads((*query_)(x), spec_.heads), heads((*key_)(x), spec_.kv_heads),
            heads((*value_)(x), spec_.kv_heads)};
  const int keys = spec_.heads * spec_.head_dim;
  const int values = keys + spec_.kv_heads * spec_.head_dim;
  const auto parts = mx::split((*fused_)(x), mx::Shape{keys, values}, 1);
  return {heads(parts[0], spec_.heads), heads(parts[1], spec_.kv_heads),
          heads(parts[2], spec_.kv_heads)};
}

/// Norm and rotation in the spec's order.
mx::array Attention::placed(mx::array x, const std::optional<Norm>& norm,
                            const StepContext& step) const {
  const auto normed = [&](const mx::array& y) {
    if (!spec_.qk_norm->all_heads) return (*norm)(y);
    return heads((*norm)(mx::flatten(y, 1, 2)), y.shape(1));
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

mx::array Attention::operator()(const mx::array& x, const StepContext& step,
                                const LayerCache& cache) const {
  const Heads made = project(x);
  mx::array q = placed(made.q, query_norm_, step);
  if (spec_.position_scale) q = mx::astype(mx::multiply(q, position_factors(step)), made.q.dtype());
  cache.kv->append(placed(made.k, key_norm_, step), made.v);
  const mx::array mixed = cache.kv->attend(
      q, {.scale = spec_.scale, .softcap = spec_.softcap, .sinks = sinks_});  // [T, H, Dv]
  return output_(mx::flatten(mixed, 1, 2));
}

}  // namespace hearth::nn
