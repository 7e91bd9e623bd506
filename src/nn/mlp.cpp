// Dense feed-forward layers.
#include "nn/mlp.h"

#include "nn/joint_products.h"

namespace hearth::nn {

namespace {

Linear first_of(const MlpSpec& spec, const Scope& weights) {
  return spec.fused ? weights.linear("gate_up_proj", {spec.width, 2 * spec.inner, spec.bias})
                    : weights.linear("gate_proj", {spec.width, spec.inner, spec.bias});
}

}  // namespace

GatedMlp::GatedMlp(const MlpSpec& spec, const Scope& weights)
    : activation_(spec.activation),
      first_(first_of(spec, weights)),
      down_(weights.linear("down_proj", {spec.inner, spec.width, spec.bias})) {
  if (!spec.fused) up_ = weights.linear("up_proj", {spec.width, spec.inner, spec.bias});
}

mx::array GatedMlp::operator()(const mx::array& x) const {
  return down_(up_ ? gated_product(x, first_, *up_, activation_)
                   : gated_product(x, first_, activation_));
}

PlainMlp::PlainMlp(const MlpSpec& spec, const Scope& weights)
    : activation_(spec.activation),
      up_(weights.linear("up_proj", {spec.width, spec.inner, spec.bias})),
      down_(weights.linear("down_proj", {spec.inner, spec.width, spec.bias})) {}

std::unique_ptr<FeedForward> make_mlp(const MlpSpec& spec, const Scope& weights) {
  if (spec.gated) return std::make_unique<GatedMlp>(spec, weights);
  return std::make_unique<PlainMlp>(spec, weights);
}

}  // namespace hearth::nn
