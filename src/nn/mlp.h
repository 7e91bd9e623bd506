// Dense feed-forward layers.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "nn/activation.h"
#include "nn/layers.h"
#include "nn/mixer.h"
#include "nn/weights.h"

namespace hearth::nn {

struct MlpSpec {
  int width = 0;  ///< D
  int inner = 0;  ///< F
  Activation activation = silu;
  bool bias = false;
  bool gated = true;  ///< make_mlp: GatedMlp, else PlainMlp
  /// One matrix for gate and up: `gate_up_proj`, the gate's rows first.
  bool fused = false;
};

/// down(activation(gate x) * up x): tensors gate_proj, up_proj (or gate_up_proj) and down_proj.
class GatedMlp final : public FeedForward {
 public:
  GatedMlp(const MlpSpec& spec, const Scope& weights);

  mx::array operator()(const mx::array& x) const override;

 private:
  Activation activation_;
  Linear first_;  // the gate, or gate and up in one
  std::optional<Linear> up_;
  Linear down_;
};

/// down(activation(up x)): tensors up_proj and down_proj.
class PlainMlp final : public FeedForward {
 public:
  PlainMlp(const MlpSpec& spec, const Scope& weights);

  mx::array operator()(const mx::array& x) const override { return down_(activation_(up_(x))); }

 private:
  Activation activation_;
  Linear up_, down_;
};

/// The one or the other.
std::unique_ptr<FeedForward> make_mlp(const MlpSpec& spec, const Scope& weights);

}  // namespace hearth::nn
