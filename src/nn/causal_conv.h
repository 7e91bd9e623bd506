// Depthwise convolution over the last few tokens of each sequence.
#pragma once

#include <optional>
#include <string_view>

#include "nn/mlx.h"
#include "nn/state_slots.h"
#include "nn/weights.h"

namespace hearth::nn {

/// y_t = b + sum over i in [0, N) of w_i x_(t - N + 1 + i), channel by channel, zeros before the
/// beginning. Tensors `weight` in PyTorch's layout [C, 1, N] or MLX's [C, N, 1], and `bias` [C].
class CausalConv {
 public:
  /// @param kernel  N
  CausalConv(int channels, int kernel, bool bias, const Scope& weights);

  /// The last N - 1 inputs.
  StateShape state() const { return {.shape = {kernel_ - 1, channels_}}; }

  /// x [B, L, C] → [B, L, C]
  /// @param past  [B, N - 1, C] as state() says; moves on by L tokens
  mx::array operator()(const mx::array& x, mx::array& past) const;

 private:
  int channels_;
  int kernel_;
  mx::array weight_;  // [N, C]
  std::optional<mx::array> bias_;
};

/// Whether the convolution at `path` lies in PyTorch's layout: then the checkpoint is one of
/// Hugging Face, not converted for MLX.
bool in_torch_layout(const Scope& weights, std::string_view path, int channels, int kernel);

}  // namespace hearth::nn
