// Activations out of plain MLX operations.
#include "nn/activation.h"

#include <cmath>
#include <numbers>
#include <utility>

namespace hearth::nn {

namespace {

mx::array times(const mx::array& x, double factor) {
  return mx::multiply(x, mx::array(static_cast<float>(factor), x.dtype()));
}

mx::array plus(const mx::array& x, double term) {
  return mx::add(x, mx::array(static_cast<float>(term), x.dtype()));
}

/// x with Φ(x) = share, by halving: it is done once per layer.
double normal_quantile(double share) {
  double low = -40.0;
  double high = 40.0;
  for (int i = 0; i < 200; ++i) {
    const double middle = (low + high) / 2.0;
    const double below = std::erfc(-middle / std::numbers::sqrt2) / 2.0;
    (below < share ? low : high) = middle;
  }
  return low;
}

}  // namespace

mx::array silu(const mx::array& x) {
  return mx::multiply(x, mx::sigmoid(x));
}

mx::array gelu(const mx::array& x) {
  const mx::array twice = plus(mx::erf(times(x, 1.0 / std::numbers::sqrt2)), 1.0);
  return mx::multiply(times(x, 0.5), twice);
}

mx::array gelu_tanh(const mx::array& x) {
  const mx::array cubic = times(mx::multiply(mx::multiply(x, x), x), 0.044715);
  constexpr double kSlope = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;  // √(2 / π)
  const mx::array bent = mx::tanh(times(mx::add(x, cubic), kSlope));
  return mx::multiply(times(x, 0.5), plus(bent, 1.0));
}

mx::array relu(const mx::array& x) {
  return mx::maximum(x, mx::array(0.0F, x.dtype()));
}

mx::array relu_squared(const mx::array& x) {
  return mx::square(relu(x));
}

mx::array softplus(const mx::array& x) {
  return mx::logaddexp(x, mx::array(0.0F, x.dtype()));
}

mx::array xielu(const mx::array& x, const XieluSpec& spec) {
  const mx::array above = mx::multiply(spec.positive, mx::square(x));
  const mx::array bent = mx::expm1(mx::minimum(x, spec.epsilon));
  const mx::array below = mx::multiply(mx::subtract(bent, x), spec.negative);
  const mx::array curve = mx::where(mx::greater(x, mx::array(0.0F, x.dtype())), above, below);
  return mx::astype(mx::add(curve, mx::multiply(spec.beta, x)), x.dtype());
}

Activation largest_only(Activation inner, double share) {
  const auto deviations = static_cast<float>(normal_quantile(share));
  return [inner = std::move(inner), deviations](const mx::array& x) {
    const mx::array mean = mx::mean(x, -1, /*keepdims=*/true);
    const mx::array deviation = mx::sqrt(mx::var(x, -1, /*keepdims=*/true));
    const mx::array least =
        mx::add(mean, mx::multiply(deviation, mx::array(deviations, x.dtype())));
    return inner(mx::maximum(mx::subtract(x, least), mx::array(0, x.dtype())));
  };
}

}  // namespace hearth::nn
