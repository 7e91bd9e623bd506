// What all layers of one forward pass share.
#pragma once

#include <map>

#include "nn/rope.h"
#include "nn/step_batch.h"

namespace hearth::nn {

/// The step's batch, and what is computed from it once for all layers. Lives for one pass.
class StepContext {
 public:
  explicit StepContext(const StepBatch& batch) : batch_(&batch) {}

  const StepBatch& batch() const { return *batch_; }

  /// How `rope` turns the step's tokens.
  const Rotation& rotation(const Rope& rope) const {
    auto found = rotations_.find(&rope);
    if (found == rotations_.end()) found = rotations_.emplace(&rope, rope.at(*batch_)).first;
    return found->second;
  }

 private:
  const StepBatch* batch_;
  mutable std::map<const Rope*, Rotation> rotations_;
};

}  // namespace hearth::nn
