// The two halves of a layer, whatever they are made of.
#pragma once

#include "nn/layer_cache.h"
#include "nn/mlx.h"
#include "nn/step_context.h"

namespace hearth::nn {

/// The half that looks at other tokens of the sequence: attention, a convolution, a recurrence.
class Mixer {
 public:
  virtual ~Mixer() = default;

  /// What it keeps between steps. Dtypes are the model's choice.
  virtual CacheShape cache() const = 0;

  /// x [T, D] → [T, D], the tokens of all sequences of the step, each seeing its own past only.
  virtual mx::array operator()(const mx::array& x, const StepContext& step,
                               const LayerCache& cache) const = 0;
};

/// The half that looks at one token at a time.
class FeedForward {
 public:
  virtual ~FeedForward() = default;

  /// x [T, D] → [T, D]
  virtual mx::array operator()(const mx::array& x) const = 0;
};

}  // namespace hearth::nn
