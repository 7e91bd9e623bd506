// Which rows of a step advance which recurrent states: index tables, built once per step.
#pragma once

#include <vector>

#include "nn/mlx.h"
#include "nn/row_policy.h"
#include "nn/step_batch.h"

namespace hearth::nn {

/// Sequences of B equal pieces of L rows, whose states advance in one go.
struct StateGroup {
  int sequences = 0;       ///< B
  int rows = 0;            ///< L: 1 where sequences decode
  mx::array row_ids;       ///< [B * L] int32 rows of the batch
  mx::array slots;         ///< [B] int32 slots of the running states
  mx::array fresh;         ///< [B] bool: the sequence starts here, from zeros
  bool any_fresh = false;  ///< whether `fresh` holds anything true
};

/// The same for every recurrent layer of a model.
struct StatePlan {
  std::vector<StateGroup> groups;
  mx::array
      order;  ///< [T] int32: row t of the answer is row order[t] of the groups' joined answers
  bool in_order = true;  ///< `order` is 0, 1, 2, ...
  /// Tokens of a piece are taken one by one: where a piece begins then leaves no trace.
  bool token_by_token = false;
};

/// Sequences with as many rows as each other go together: all that decode, and equal prompt pieces.
StatePlan plan_states(const StepBatch& batch, RowPolicy rows = RowPolicy::Any);

}  // namespace hearth::nn
