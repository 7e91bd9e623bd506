// One layer of a decoder: a mixer and a feed-forward layer around a residual stream.
#pragma once

#include <memory>
#include <optional>

#include "nn/mixer.h"
#include "nn/norm.h"

namespace hearth::nn {

/// x + out(mixer(in(x))), then x + out(feed_forward(in(x))).
///
/// Which norms there are decides where they stand: `in` alone is pre-norm, `out` alone post-norm,
/// both are a sandwich. A half that is missing is skipped.
struct Block {
  std::optional<Norm> mixer_in = {}, mixer_out = {};
  std::unique_ptr<Mixer> mixer = {};
  std::optional<Norm> feed_in = {}, feed_out = {};
  std::unique_ptr<FeedForward> feed_forward = {};
  /// Both halves read x, and their answers are added to it together; without a `feed_in` the
  /// feed-forward layer reads what the mixer reads.
  bool parallel = false;
  float residual_scale = 1.0F;  ///< of each half's answer

  /// x [T, D] → [T, D]
  mx::array operator()(const mx::array& x, const StepContext& step, const LayerCache& cache) const;
};

}  // namespace hearth::nn
