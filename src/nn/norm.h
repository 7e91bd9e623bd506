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
  Norm(const NormSpec& spec, std::optional<mx::array> weight, std::optional<mx::array> bias);

  /// As it is multiplied; none where there is none.
  const std::optional<mx::array>& weight() const { return weight_; }

  mx::array operator()(const mx::array& x) const;

  /// x + y, and the norm of that: what stands between two halves of a layer, in one operation.
  std::pair<mx::array, mx::array> of_sum(const mx::array& x, const mx::array& y) const;

 private:
  mx::array plain(const mx::array& x, const std::optional<mx::array>& weight) const;

  NormSpec::Kind kind_;
  float epsilon_;
  std::optional<mx::array> weight_, bias_;
};

}  // namespace hearth::nn
