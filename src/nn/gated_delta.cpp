// Projections, convolution and norm around the gated delta rule.
#include "nn/gated_delta.h"

#include <cmath>
#include <vector>

#include "nn/activation.h"
#include "nn/delta_rule.h"

namespace hearth::nn {

namespace {

constexpr float kLengthEpsilon = 1e-6F;

mx::array in_float32(const mx::array& x) {
  return mx::astype(x, mx::float32);
}

/// Rows of length 1 along the last axis.
mx::array unit(const mx::array& x) {
  const mx::array squares = mx::sum(mx::square(x), -1, /*keepdims=*/true);
  return mx::multiply(x, mx::rsqrt(mx::add(squares, mx::array(kLengthEpsilon))));
}

}  // namespace

GatedDelta::GatedDelta(const GatedDeltaSpec& spec, const Scope& weights)
    : spec_(spec),
      conv_(conv_width(), spec.kernel, /*bias=*/false, weights.scope("conv1d")),
      speed_(mx::negative(mx::exp(in_float32(weights.tensor("A_log", {spec.value_heads}))))),
      dt_bias_(in_float32(weights.tensor("dt_bias", {spec.value_heads}))),
      norm_(weights.norm("norm", spec.value_dim, {.epsilon = spec.epsilon})),
      out_(weights.linear("out_proj", {spec.value_heads * spec.value_dim, spec.width})) {
  const int values = spec.value_heads * spec.value_dim;
  if (spec.fused) {
    qkvz_ = weights.linear("in_proj_qkvz", {spec.width, conv_width() + values});
    ba_ = weights.linear("in_proj_ba", {spec.width, 2 * spec.value_heads});
    return;
  }
  qkv_ = weights.linear("in_proj_qkv", {spec.width, conv_width()});
  gate_ = weights.linear("in_proj_z", {spec.width, values});
  b_ = weights.linear("in_proj_b", {spec.width, spec.value_heads});
  a_ = weights.linear("in_proj_a", {spec.width, spec.value_heads});
}

int GatedDelta::conv_width() const {
  return 2 * spec_.key_heads * spec_.key_dim + spec_.value_heads * spec_.value_dim;
}

CacheShape GatedDelta::cache() const {
  return {
      .states = {conv_.state(), {.shape = {spec_.value_heads, spec_.key_dim, spec_.value_dim}}}};
}

GatedDelta::Projected GatedDelta::project(const mx::array& x) const {
  if (spec_.fused) return project_fused(x);
  const mx::Shape heads{x.shape(0), spec_.value_heads, spec_.value_dim};
  return {(*qkv_)(x), mx::reshape((*gate_)(x), heads), (*b_)(x), (*a_)(x)};
}

/// Each key head's row holds its query, its key, and the values and gates of its value heads.
GatedDelta::Projected GatedDelta::project_fused(const mx::array& x) const {
  const int tokens = x.shape(0);
  const int share = spec_.value_heads / spec_.key_heads;
  const mx::array rows = mx::reshape((*qkvz_)(x), {tokens, spec_.key_heads, -1});
  const int values = 2 * spec_.key_dim;
  const auto parts =
      mx::split(rows, mx::Shape{spec_.key_dim, values, values + share * spec_.value_dim}, 2);
  std::vector<mx::array> flat;
  for (int i = 0; i < 3; ++i) flat.push_back(mx::flatten(parts[static_cast<std::size_t>(i)], 1, 2));
  const auto ba = mx::split(mx::reshape((*ba_)(x), {tokens, spec_.key_heads, 2 * share}), 2, 2);
  return {mx::concatenate(flat, 1),
          mx::reshape(parts[3], {tokens, spec_.value_heads, spec_.value_dim}),
          mx::flatten(ba[0], 1, 2), mx::flatten(ba[1], 1, 2)};
}

mx::array GatedDelta::advance(std::span<const mx::array> rows, std::span<mx::array> states) const {
  const mx::array mixed = in_float32(silu(conv_(rows[0], states[0])));  // [B, L, conv_width]
  const int batch = mixed.shape(0);
  const int length = mixed.shape(1);
  const int keys = spec_.key_heads * spec_.key_dim;
  const auto parts = mx::split(mixed, mx::Shape{keys, 2 * keys}, 2);
  const int share = spec_.value_heads / spec_.key_heads;
  const auto spread = [&](const mx::array& x) {
    const mx::array heads = unit(mx::reshape(x, {batch, length, spec_.key_heads, spec_.key_dim}));
    return share == 1 ? heads : mx::repeat(heads, share, 2);
  };
  const mx::array scale(1.0F / std::sqrt(static_cast<float>(spec_.key_dim)));
  return gated_delta_rule(
      {.q = mx::multiply(spread(parts[0]), scale),
       .k = spread(parts[1]),
       .v = mx::reshape(parts[2], {batch, length, spec_.value_heads, spec_.value_dim}),
       .decay = rows[1],
       .rate = rows[2]},
      states[1]);
}

mx::array GatedDelta::operator()(const mx::array& x, const StepContext&,
                                 const LayerCache& cache) const {
  const Projected made = project(x);
  const mx::array decay = mx::multiply(speed_, softplus(mx::add(in_float32(made.a), dt_bias_)));
  const std::vector inputs{made.qkv, decay, mx::sigmoid(in_float32(made.b))};
  const mx::array answer = cache.states->run(
      inputs, [this](std::span<const mx::array> rows, std::span<mx::array> states) {
        return advance(rows, states);
      });  // [T, value_heads, value_dim]
  const mx::array gated = mx::multiply(norm_(answer), silu(in_float32(made.gate)));
  return out_(mx::flatten(mx::astype(gated, x.dtype()), 1, 2));
}

}  // namespace hearth::nn
