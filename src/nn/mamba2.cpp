// Projections, convolution and gate around Mamba2's recurrence.
#include "nn/mamba2.h"

#include <utility>

#include "nn/activation.h"
#include "nn/selective_scan.h"

namespace hearth::nn {

namespace {

mx::array in_float32(const mx::array& x) {
  return mx::astype(x, mx::float32);
}

/// One factor per channel of in_proj's answer.
mx::array spread(const Mamba2Spec& spec) {
  const int inner = spec.heads * spec.head_dim;
  const int shared = spec.groups * spec.state;
  std::vector<float> factors;
  const int widths[] = {inner, inner, shared, shared, spec.heads};
  for (std::size_t i = 0; i < spec.factors.size(); ++i)
    factors.insert(factors.end(), static_cast<std::size_t>(widths[i]), spec.factors[i]);
  return mx::array(factors.data(), {static_cast<int>(factors.size())}, mx::float32);
}

}  // namespace

Mamba2::Mamba2(Mamba2Spec spec, const Scope& weights)
    : spec_(std::move(spec)),
      in_(weights.linear("in_proj",
                         {spec_.width, inner() + conv_width() + spec_.heads, spec_.in_bias})),
      conv_(conv_width(), spec_.kernel, spec_.conv_bias, weights.scope("conv1d")),
      speed_(mx::negative(mx::exp(in_float32(weights.tensor("A_log", {spec_.heads}))))),
      skip_(mx::reshape(in_float32(weights.tensor("D", {spec_.heads})), {spec_.heads, 1})),
      dt_bias_(in_float32(weights.tensor("dt_bias", {spec_.heads}))),
      out_(weights.linear("out_proj", {inner(), spec_.width, spec_.out_bias})) {
  if (spec_.norm_epsilon) norm_weight_ = weights.tensor("norm.weight", {inner()});
  if (!spec_.factors.empty()) factors_ = spread(spec_);
}

CacheShape Mamba2::cache() const {
  return {.states = {conv_.state(), {.shape = {spec_.heads, spec_.state, spec_.head_dim}}}};
}

mx::array Mamba2::advance(std::span<const mx::array> rows, std::span<mx::array> states) const {
  const mx::array mixed = in_float32(silu(conv_(rows[0], states[0])));  // [B, L, conv_width]
  const mx::array& steps = rows[1];                                     // [B, L, H]
  const int batch = mixed.shape(0);
  const int length = mixed.shape(1);
  const int shared = spec_.groups * spec_.state;
  const auto parts = mx::split(mixed, mx::Shape{inner(), inner() + shared}, 2);
  const mx::array x = mx::reshape(parts[0], {batch, length, spec_.heads, spec_.head_dim});
  const mx::Shape groups{batch, length, spec_.groups, spec_.state};
  const mx::array answer = selective_scan({.q = mx::reshape(parts[2], groups),
                                           .k = mx::reshape(parts[1], groups),
                                           .v = mx::multiply(x, mx::expand_dims(steps, 3)),
                                           .decay = mx::multiply(steps, speed_)},
                                          states[1]);
  return mx::add(answer, mx::multiply(x, skip_));
}

/// answer, gate [T, inner] float32 → [T, inner]
mx::array Mamba2::gated(const mx::array& answer, const mx::array& gate) const {
  const mx::array open = silu(gate);
  if (!norm_weight_) return mx::multiply(answer, open);
  const auto normed = [&](const mx::array& y) {
    const mx::array parts = mx::reshape(y, {y.shape(0), spec_.norm_groups, -1});
    const mx::array even = mx::fast::rms_norm(parts, std::nullopt, *spec_.norm_epsilon);
    return mx::multiply(mx::reshape(even, y.shape()), *norm_weight_);
  };
  if (spec_.norm_first) return mx::multiply(normed(answer), open);
  return normed(mx::multiply(answer, open));
}

mx::array Mamba2::operator()(const mx::array& x, const StepContext&,
                             const LayerCache& cache) const {
  mx::array projected = in_(x);
  if (factors_) projected = mx::astype(mx::multiply(projected, *factors_), x.dtype());
  const auto parts =
      mx::split(projected, mx::Shape{inner(), inner() + conv_width()}, 1);  // gate, x B C, steps
  const mx::array steps = mx::clip(softplus(mx::add(in_float32(parts[2]), dt_bias_)),
                                   mx::array(spec_.shortest_step), mx::array(spec_.longest_step));
  const std::vector inputs{parts[1], steps};
  const mx::array answer = cache.states->run(
      inputs, [this](std::span<const mx::array> rows, std::span<mx::array> states) {
        return advance(rows, states);
      });  // [T, H, P]
  return out_(mx::astype(gated(mx::flatten(answer, 1, 2), in_float32(parts[0])), x.dtype()));
}

}  // namespace hearth::nn
