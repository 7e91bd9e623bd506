// Sends rows to their experts and sums what comes back.
#include "nn/moe.h"

#include "kernels/mixture.h"
#include "nn/elementwise.h"

namespace hearth::nn {

namespace {

// From here on rows are put in the order of their experts, so that each expert's weights are read
// once and not once per row.
constexpr int kSortedRows = 64;

}  // namespace

Moe::Moe(const MoeSpec& spec, const Scope& weights)
    : router_(spec.router, spec.width, weights, spec.names.router),
      experts_({.experts = spec.router.experts,
                .width = spec.width,
                .inner = spec.inner,
                .bias = spec.bias,
                .gating = spec.gating,
                .interleaved = spec.interleaved,
                .transposed = spec.transposed},
               weights.scope(spec.names.experts)) {
  if (spec.shared_inner == 0) return;
  shared_.emplace(nn::MlpSpec{.width = spec.width, .inner = spec.shared_inner, .bias = spec.bias},
                  weights.scope(spec.names.shared));
  if (spec.shared_gated) shared_gate_ = weights.linear(spec.names.shared_gate, {spec.width, 1});
}

mx::array Moe::operator()(const mx::array& x) const {
  mx::array y = routed(x);
  if (!shared_) return y;
  const mx::array shared = (*shared_)(x);
  if (!shared_gate_) return added(y, shared);
  return added(y, mx::multiply(mx::sigmoid((*shared_gate_)(x)), shared));
}

mx::array Moe::routed(const mx::array& x) const {
  const auto [chosen, weights] = router_(x);  // [T, active] each
  if (const auto* own = experts_.for_kernels(); own != nullptr && x.dtype() == mx::float32)
    return kernels::mixture(x, *own, chosen, mx::astype(weights, mx::float32));
  const mx::array y = outputs(x, chosen);  // [T, active, D]
  const mx::array weighed = mx::multiply(y, mx::expand_dims(mx::astype(weights, y.dtype()), -1));
  return mx::sum(weighed, 1);
}

mx::array Moe::outputs(const mx::array& x, const mx::array& chosen) const {
  const mx::Shape shape{chosen.shape(0), chosen.shape(1), x.shape(1)};
  const mx::array experts = mx::flatten(chosen);  // [T * active]
  const mx::array active(chosen.shape(1), mx::uint32);
  const int rows = experts.shape(0);
  if (rows < kSortedRows) {
    const mx::array tokens = mx::floor_divide(mx::arange(rows, mx::uint32), active);
    return mx::reshape(experts_(mx::take(x, tokens, 0), {experts}), shape);
  }
  const mx::array order = mx::argsort(experts);
  const mx::array tokens = mx::floor_divide(order, active);
  const mx::array y = experts_(mx::take(x, tokens, 0), {mx::take(experts, order), /*sorted=*/true});
  return mx::reshape(mx::take(y, mx::argsort(order), 0), shape);
}

}  // namespace hearth::nn
