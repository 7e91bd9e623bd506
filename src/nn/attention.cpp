// Projections, norms and rotation around the cache's attention.
#include "nn/attention.h"

#include <cmath>

namespace hearth::nn {

Attention::Attention(const AttentionSpec& spec, int width, const Scope& weights)
    : spec_(spec),
      query_(weights.linear("q_proj", {width, spec.heads * spec.head_dim, spec.qkv_bias})),
      key_(weights.linear("k_proj", {width, spec.kv_heads * spec.head_dim, spec.qkv_bias})),
      value_(weights.linear("v_proj", {width, spec.kv_heads * spec.head_dim, spec.qkv_bias})),
      output_(weights.linear("o_proj", {spec.heads * spec.head_dim, width, spec.output_bias})) {
  if (!spec.qk_norm) return;
  query_norm_ = weights.rms_norm("q_norm", spec.head_dim, *spec.qk_norm);
  key_norm_ = weights.rms_norm("k_norm", spec.head_dim, *spec.qk_norm);
}

mx::array Attention::operator()(const mx::array& x, const Rotation& rotation,
                                KvPages& cache) const {
  mx::array q = heads(query_(x), spec_.heads);
  mx::array k = heads(key_(x), spec_.kv_heads);
  const mx::array v = heads(value_(x), spec_.kv_heads);
  if (query_norm_) q = (*query_norm_)(q);
  if (key_norm_) k = (*key_norm_)(k);

  const float scale = 1.0F / std::sqrt(static_cast<float>(spec_.head_dim));
  const mx::array mixed = cache.attend(rotation(q), rotation(k), v, scale);  // [T, H, Dh]
  return output_(mx::reshape(mixed, {x.shape(0), spec_.heads * spec_.head_dim}));
}

/// [T, count * Dh] → [T, count, Dh]
mx::array Attention::heads(const mx::array& flat, int count) const {
  return mx::reshape(flat, {flat.shape(0), count, spec_.head_dim});
}

}  // namespace hearth::nn
