// Mamba2: a state-space mixer.
#pragma once

#include <optional>
#include <vector>

#include "nn/causal_conv.h"
#include "nn/layers.h"
#include "nn/mixer.h"
#include "nn/norm.h"
#include "nn/weights.h"

namespace hearth::nn {

struct Mamba2Spec {
  int width = 0;     ///< D
  int heads = 0;     ///< H
  int head_dim = 0;  ///< P
  int groups = 1;    ///< G: heads of a group share what they read and write by
  int state = 0;     ///< N
  int kernel = 4;    ///< tokens that the convolution sees
  bool conv_bias = true;
  bool in_bias = false, out_bias = false;
  float shortest_step = 0.0F;  ///< time steps stay within these
  float longest_step = 1e30F;
  /// Of the gated norm in front of out_proj, over `norm_groups` parts; none: only a gate.
  std::optional<float> norm_epsilon = {};
  int norm_groups = 1;
  bool norm_first = false;  ///< the gate comes behind the norm, else in front
  /// Factors of what in_proj gives: gate, x, B, C, steps. Empty: 1.
  std::vector<float> factors = {};
};

/// x, B, C pass a short convolution, then the state-space recurrence; the answer is gated. Tensors
/// in_proj, conv1d, A_log, D, dt_bias, norm and out_proj.
class Mamba2 final : public Mixer {
 public:
  Mamba2(Mamba2Spec spec, const Scope& weights);

  CacheShape cache() const override;
  mx::array operator()(const mx::array& x, const StepContext& step,
                       const LayerCache& cache) const override;

 private:
  int inner() const { return spec_.heads * spec_.head_dim; }
  int conv_width() const { return inner() + 2 * spec_.groups * spec_.state; }
  mx::array advance(std::span<const mx::array> rows, std::span<mx::array> states) const;
  mx::array gated(const mx::array& answer, const mx::array& gate) const;

  Mamba2Spec spec_;
  Linear in_;
  CausalConv conv_;
  mx::array speed_;    // [H] float32: -exp(A_log)
  mx::array skip_;     // [H, 1] float32
  mx::array dt_bias_;  // [H] float32
  std::optional<mx::array> norm_weight_, factors_;
  Linear out_;
};

}  // namespace hearth::nn
