// The gated feed-forward layer.
#pragma once

#include "nn/layers.h"
#include "nn/weights.h"

namespace hearth::nn {

/// SwiGLU: x [T, D] → down(silu(gate x) * up x) [T, D].
class GatedMlp {
 public:
  /// @param width  D    @param inner  F
  GatedMlp(int width, int inner, bool bias, const Scope& weights)
      : gate_(weights.linear("gate_proj", {width, inner, bias})),
        up_(weights.linear("up_proj", {width, inner, bias})),
        down_(weights.linear("down_proj", {inner, width, bias})) {}

  mx::array operator()(const mx::array& x) const {
    const mx::array gate = gate_(x);
    const mx::array activated = mx::multiply(gate, mx::sigmoid(gate));
    return down_(mx::multiply(activated, up_(x)));
  }

 private:
  Linear gate_, up_, down_;
};

}  // namespace hearth::nn
