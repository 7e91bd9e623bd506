// What experts compute.
#include "nn/experts.h"

#include "nn/activation.h"

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

mx::array ExpertLayer::operator()(const mx::array& x, const ExpertRows& rows) const {
  const mx::array y = weight.times(x, rows);
  return bias ? mx::add(y, mx::take(*bias, rows.experts, 0)) : y;
}

mx::array Experts::operator()(const mx::array& x, const ExpertRows& rows) const {
  return layers_.down(gating_(layers_.gate(x, rows), layers_.up(x, rows)), rows);
}

}  // namespace hearth::nn
