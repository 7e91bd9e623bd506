// The short gated convolution of LFM2.
#pragma once

#include "nn/causal_conv.h"
#include "nn/layers.h"
#include "nn/mixer.h"
#include "nn/weights.h"

namespace hearth::nn {

struct ShortConvSpec {
  int width = 0;   ///< D
  int kernel = 3;  ///< tokens that the convolution sees
  bool bias = false;
};

/// b, c, y = split(in_proj x); out_proj(c * conv(b * y)). Tensors in_proj, conv and out_proj.
class ShortConv final : public Mixer {
 public:
  ShortConv(const ShortConvSpec& spec, const Scope& weights);

  CacheShape cache() const override { return {.states = {conv_.state()}}; }
  mx::array operator()(const mx::array& x, const StepContext& step,
                       const LayerCache& cache) const override;

 private:
  Linear in_;
  CausalConv conv_;
  Linear out_;
};

}  // namespace hearth::nn
