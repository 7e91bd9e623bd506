// The small layers that every family is made of.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "nn/low_rank.h"
#include "nn/matrix.h"
#include "nn/mlx.h"

namespace hearth::kernels {
struct PanelLayer;
}

namespace hearth::nn {

/// x [T, K] → x Wᵀ + b [T, N], and what the adapters of the step's sequences add.
class Linear {
 public:
  explicit Linear(Matrix weight, std::optional<mx::array> bias = {},
                  std::shared_ptr<const LowRankSlots> adapters = {});

  mx::array operator()(const mx::array& x) const;

  /// Whether adapters add to rows of the step at hand.
  bool adapted() const { return adapters_ && adapters_->in_use(); }
  /// The layer as our kernels take it, without adapters; nullptr where they do not serve.
  const kernels::PanelLayer* panels() const { return panels_.get(); }

 private:
  mx::array plain(const mx::array& x) const;

  Matrix weight_;
  std::optional<mx::array> bias_;
  std::shared_ptr<const LowRankSlots> adapters_;
  std::shared_ptr<const kernels::PanelLayer> panels_;
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
