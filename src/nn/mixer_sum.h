// Several mixers that read the same tokens, and whose answers are added.
#pragma once

#include <memory>
#include <vector>

#include "nn/mixer.h"

namespace hearth::nn {

/// Sum of out * mixer(in * x). At most one of them attends, and at most one keeps states: the cache
/// of a layer has one of each.
class MixerSum final : public Mixer {
 public:
  struct Part {
    std::unique_ptr<Mixer> mixer;
    float in = 1.0F, out = 1.0F;
  };

  explicit MixerSum(std::vector<Part> parts) : parts_(std::move(parts)) {}

  CacheShape cache() const override;
  mx::array operator()(const mx::array& x, const StepContext& step,
                       const LayerCache& cache) const override;

 private:
  std::vector<Part> parts_;
};

}  // namespace hearth::nn
