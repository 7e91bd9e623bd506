// Gated delta net: linear attention whose memory is one matrix per head.
#pragma once

#include <optional>

#include "nn/causal_conv.h"
#include "nn/layers.h"
#include "nn/mixer.h"
#include "nn/norm.h"
#include "nn/weights.h"

namespace hearth::nn {

struct GatedDeltaSpec {
  int width = 0;        ///< D
  int key_heads = 0;    ///< heads of queries and keys; divides value_heads
  int value_heads = 0;  ///< heads of values: neighbours share a query and a key
  int key_dim = 0;
  int value_dim = 0;
  int kernel = 4;  ///< tokens that the convolution sees
  float epsilon = 1e-6F;
  /// Matrices in_proj_qkvz and in_proj_ba, key head by key head; else in_proj_qkv, _z, _b, _a.
  bool fused = false;
};

/// Queries, keys and values pass a short convolution, then the gated delta rule; the answer is
/// normed and gated. Tensors in_proj_*, conv1d, A_log, dt_bias, norm and out_proj.
class GatedDelta final : public Mixer {
 public:
  GatedDelta(const GatedDeltaSpec& spec, const Scope& weights);

  CacheShape cache() const override;
  mx::array operator()(const mx::array& x, const StepContext& step,
                       const LayerCache& cache) const override;

 private:
  struct Projected {
    mx::array qkv;   // [T, 2 * key_heads * key_dim + value_heads * value_dim]
    mx::array gate;  // [T, value_heads, value_dim]
    mx::array b, a;  // [T, value_heads]: rate and forgetting
  };

  int conv_width() const;
  Projected project(const mx::array& x) const;
  Projected project_fused(const mx::array& x) const;
  mx::array advance(std::span<const mx::array> rows, std::span<mx::array> states) const;

  GatedDeltaSpec spec_;
  std::optional<Linear> qkvz_, ba_;           // fused
  std::optional<Linear> qkv_, gate_, b_, a_;  // else
  CausalConv conv_;
  mx::array speed_;    // [value_heads] float32: -exp(A_log)
  mx::array dt_bias_;  // [value_heads] float32
  Norm norm_;
  Linear out_;
};

}  // namespace hearth::nn
