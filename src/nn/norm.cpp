// Chooses between our norm for the CPU and MLX's.
#include "nn/norm.h"

#include "kernels/counters.h"
#include "kernels/norm.h"
#include "nn/panels.h"

namespace hearth::nn {

namespace {

/// Nothing where our kernels do not serve.
std::optional<kernels::NormArrays> for_kernels(const mx::array& x, const NormSpec::Kind kind,
                                               kernels::NormArrays norm) {
  norm.centred = kind == NormSpec::Kind::Layer;
  if (!kernels_serve() || !kernels::fits_norm(x, norm)) return {};
  return norm;
}

}  // namespace

Norm::Norm(const NormSpec& spec, std::optional<mx::array> weight, std::optional<mx::array> bias)
    : kind_(spec.kind), epsilon_(spec.epsilon), weight_(std::move(weight)), bias_(std::move(bias)) {
  if (spec.plus_one && weight_) weight_ = mx::add(*weight_, mx::array(1.0F, weight_->dtype()));
}

mx::array Norm::operator()(const mx::array& x) const {
  if (weight_ && weight_->ndim() > 1) return mx::multiply(plain(x, {}), *weight_);
  return plain(x, weight_);
}

std::pair<mx::array, mx::array> Norm::of_sum(const mx::array& x, const mx::array& y) const {
  if (!weight_ || weight_->ndim() == 1) {
    const kernels::NormArrays norm{.epsilon = epsilon_, .weight = weight_, .bias = bias_};
    const auto ours = for_kernels(x, kind_, norm);
    if (ours && y.shape() == x.shape() && y.dtype() == x.dtype()) {
      const auto made = kernels::norm_of_sum(x, y, *ours);
      return {made.sum, made.normed};
    }
  }
  const mx::array sum = mx::add(x, y);
  return {sum, (*this)(sum)};
}

mx::array Norm::plain(const mx::array& x, const std::optional<mx::array>& weight) const {
  const auto ours = for_kernels(x, kind_, {.epsilon = epsilon_, .weight = weight, .bias = bias_});
  if (ours) return kernels::norm(x, *ours);
  kernels::count_generic(kernels::Operation::Norm);
  if (kind_ == NormSpec::Kind::Rms) return mx::fast::rms_norm(x, weight, epsilon_);
  return mx::fast::layer_norm(x, weight, bias_, epsilon_);
}

}  // namespace hearth::nn
