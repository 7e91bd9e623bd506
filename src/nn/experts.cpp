// What experts compute.
#include "nn/experts.h"

#include "kernels/mixture.h"
#include "nn/activation.h"
#include "nn/panels.h"

namespace hearth::nn {

mx::array swiglu(const mx::array& gate, const mx::array& up) {
  return mx::multiply(silu(gate), up);
}

Gating clamped_swiglu(float limit, float alpha) {
  return [limit, alpha](const mx::array& gate, const mx::array& up) {
    const auto constant = [&](float value) { return mx::array(value, gate.dtype()); };
    const mx::array low = mx::minimum(gate, constant(limit));
    const mx::array open = mx::multiply(low, mx::sigmoid(mx::multiply(low, constant(alpha))));
    const mx::array inside = mx::clip(up, constant(-limit), constant(limit));
    return mx::multiply(open, mx::add(inside, constant(1.0F)));
  };
}

namespace {

/// The matrices as our kernels take them.
std::optional<kernels::ExpertWeights> kernel_weights(const ExpertLayer& layer) {
  if (layer.bias) return {};
  if (const auto* plain = std::get_if<mx::array>(&layer.weight.content()))
    return kernels::ExpertWeights{.plain = *plain};
  if (const auto* panels = std::get_if<PanelStack>(&layer.weight.content()))
    return kernels::ExpertWeights{.panels = *panels};
  return {};
}

std::shared_ptr<const kernels::MixtureWeights> kernel_weights(const ExpertLayers& layers,
                                                              const Gating& gating) {
  using Function = mx::array (*)(const mx::array&, const mx::array&);
  const auto* function = gating.target<Function>();
  if (!kernels_serve() || function == nullptr || *function != static_cast<Function>(swiglu))
    return {};
  const auto gate = kernel_weights(layers.gate);
  const auto up = kernel_weights(layers.up);
  const auto down = kernel_weights(layers.down);
  if (!gate || !up || !down) return {};
  const auto packed = [](const kernels::ExpertWeights& weights) { return !weights.plain; };
  if (packed(*gate) != packed(*up) || packed(*gate) != packed(*down)) return {};
  return std::make_shared<const kernels::MixtureWeights>(
      kernels::MixtureWeights{.gate = *gate, .up = *up, .down = *down});
}

}  // namespace

Experts::Experts(const ExpertsSpec& spec, const Scope& weights)
    : gating_(spec.gating),
      layers_(read_experts(spec, weights)),
      for_kernels_(kernel_weights(layers_, gating_)) {}

mx::array ExpertLayer::operator()(const mx::array& x, const ExpertRows& rows) const {
  const mx::array y = weight.times(x, rows);
  return bias ? mx::add(y, mx::take(*bias, rows.experts, 0)) : y;
}

mx::array Experts::operator()(const mx::array& x, const ExpertRows& rows) const {
  return layers_.down(gating_(layers_.gate(x, rows), layers_.up(x, rows)), rows);
}

}  // namespace hearth::nn
