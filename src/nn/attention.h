// Grouped-query self-attention with rotary positions.
#pragma once

#include <optional>

#include "nn/kv_pages.h"
#include "nn/layers.h"
#include "nn/rope.h"
#include "nn/weights.h"

namespace hearth::nn {

struct AttentionSpec {
  int heads = 0;     ///< H
  int kv_heads = 0;  ///< K; H % K == 0
  int head_dim = 0;  ///< Dh
  bool qkv_bias = false;
  bool output_bias = false;
  std::optional<float> qk_norm = {};  ///< epsilon of an RMS norm over each query and key head
};

/// x [T, D] → [T, D], the tokens of all sequences of the step. H query heads share K kv heads.
///
/// The cache keeps this step's keys and values and attends per sequence over all it holds, so the
/// layer never learns how many sequences there are, or where their keys lie.
class Attention {
 public:
  Attention(const AttentionSpec& spec, int width, const Scope& weights);

  mx::array operator()(const mx::array& x, const Rotation& rotation, KvPages& cache) const;

 private:
  mx::array heads(const mx::array& flat, int count) const;

  AttentionSpec spec_;
  Linear query_, key_, value_, output_;
  std::optional<RmsNorm> query_norm_, key_norm_;
};

}  // namespace hearth::nn
