// The small layers that every family is made of.
#pragma once

#include <optional>

#include "nn/matrix.h"
#include "nn/mlx.h"

namespace hearth::nn {

/// x [T, K] → x Wᵀ + b [T, N].
class Linear {
 public:
  explicit Linear(Matrix weight, std::optional<mx::array> bias = {})
      : weight_(std::move(weight)), bias_(std::move(bias)) {}

  mx::array operator()(const mx::array& x) const {
    const mx::array y = weight_.times(x);
    return bias_ ? mx::add(y, *bias_) : y;
  }

 private:
  Matrix weight_;
  std::optional<mx::array> bias_;
};

/// Token ids [T] → [T, D]; also the output head where it is tied.
class Embedding {
 public:
  explicit Embedding(Matrix weight) : weight_(std::move(weight)) {}

  mx::array operator()(const mx::array& ids) const { return weight_.rows(ids); }

  /// The head that shares this matrix: [R, D] → logits [R, V].
  Linear as_head() const { return Linear(weight_); }

 private:
  Matrix weight_;
};

}  // namespace hearth::nn
