// The small layers that every family is made of.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "nn/low_rank.h"
#include "nn/matrix.h"
#include "nn/mlx.h"

namespace hearth::nn {

/// x [T, K] → x Wᵀ + b [T, N], and what the adapters of the step's sequences add.
class Linear {
 public:
  explicit Linear(Matrix weight, std::optional<mx::array> bias = {},
                  std::shared_ptr<const LowRankSlots> adapters = {})
      : weight_(std::move(weight)), bias_(std::move(bias)), adapters_(std::move(adapters)) {}

  mx::array operator()(const mx::array& x) const {
    const mx::array y = weight_.times(x);
    const mx::array shifted = bias_ ? mx::add(y, *bias_) : y;
    return adapters_ ? adapters_->added_to(shifted, x) : shifted;
  }

 private:
  Matrix weight_;
  std::optional<mx::array> bias_;
  std::shared_ptr<const LowRankSlots> adapters_;
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
