// Predicting and correcting parallel streams.
#include "nn/alt_up.h"

namespace hearth::nn {

AltUp::AltUp(const AltUpSpec& spec, const Scope& weights)
    : spec_(spec),
      norm_(weights.norm("router_norm", spec.width, spec.norm)),
      router_(weights.linear("modality_router", {spec.width, spec.streams})),
      prediction_(weights.linear("prediction_coefs", {spec.streams, spec.streams * spec.streams})),
      correction_(weights.linear("correction_coefs", {spec.streams, spec.streams})) {}

/// [T, D] → [T, N], each in (-1, 1).
mx::array AltUp::routed(const mx::array& x) const {
  const mx::array scaled =
      mx::divide(norm_(x), mx::array(static_cast<float>(spec_.width), x.dtype()));
  return mx::tanh(router_(scaled));
}

mx::array AltUp::predict(const mx::array& streams) const {
  const mx::array coefficients = mx::reshape(prediction_(routed(active(streams))),
                                             {streams.shape(0), spec_.streams, spec_.streams});
  return mx::add(streams, mx::matmul(coefficients, streams));
}

mx::array AltUp::correct(const mx::array& predicted, const mx::array& computed) const {
  const mx::array one(1.0F, computed.dtype());
  const mx::array coefficients = mx::expand_dims(mx::add(correction_(routed(computed)), one), 2);
  const mx::array news = mx::expand_dims(mx::subtract(computed, active(predicted)), 1);
  return mx::add(predicted, mx::multiply(coefficients, news));
}

}  // namespace hearth::nn
