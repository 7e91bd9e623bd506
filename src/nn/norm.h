// Normalisation over the last axis.
#pragma once

#include <optional>
#include <utility>

#include "nn/mlx.h"

namespace hearth::nn {

/// Which norm a family has.
struct NormSpec {
  enum class Kind {
    Rms,    ///< x / rms(x)
    Layer,  ///< (x - mean) / deviation
  };

  Kind kind = Kind::Rms;
  float epsilon = 1e-6F;
  bool weight = true;     ///< a factor per channel
  bool bias = false;      ///< a term per channel
  bool plus_one = false;  ///< the factor is 1 + the stored weight
};

/// x [..., D] → [..., D], summed in float32.
class Norm {
 public:
  /// @param weight  [D] as stored, or [..., D] where it differs between rows (no bias then)
  /// @param bias    [D]
  Norm(const NormSpec& spec, std::optional<mx::array> weight, std::optional<mx::array> bias)
      : kind_(spec.kind),
        epsilon_(spec.epsilon),
        weight_(std::move(weight)),
        bias_(std::move(bias)) {
    if (spec.plus_one && weight_) weight_ = mx::add(*weight_, mx::array(1.0F, weight_->dtype()));
  }

  mx::array operator()(const mx::array& x) const {
    if (weight_ && weight_->ndim() > 1) return mx::multiply(plain(x, {}), *weight_);
    return plain(x, weight_);
  }

 private:
  mx::array plain(const mx::array& x, const std::optional<mx::array>& weight) const {
    if (kind_ == NormSpec::Kind::Rms) return mx::fast::rms_norm(x, weight, epsilon_);
    return mx::fast::layer_norm(x, weight, bias_, epsilon_);
  }

  NormSpec::Kind kind_;
  float epsilon_;
  std::optional<mx::array> weight_, bias_;
};

}  // namespace hearth::nn
