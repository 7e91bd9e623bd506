// What the rows of one step say: the tokens drawn from them, and the chances that were asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "engine/chances.h"
#include "engine/host/job.h"
#include "engine/step_plan.h"

namespace hearth::engine {

/// One sequence's next token.
struct DrawnToken {
  Sequence* sequence = nullptr;
  Result<TokenId> token;
  std::optional<RowChances> chances = {};  ///< where the request reports its tokens
};

/// Takes a step's rows of logits. Engine thread, but for take(); lives as long as the step.
class StepRows {
 public:
  /// @param jobs  of all sequences of the plan; like the plan as it is until the step is done
  StepRows(const std::unordered_map<SequenceId, Job>& jobs, const StepPlan& plan);

  /// A row that is wanted, as StepRunner::run hands it over: any thread, each row once.
  void take(std::size_t slice, std::uint32_t row, std::span<const float> logits);

  /// What was drawn, in the order of the plan; once.
  std::vector<DrawnToken> take_drawn();
  /// The chances of a slice's prompt tokens, where asked for; once.
  std::vector<RowChances> take_prompt(std::size_t slice);

 private:
  /// A row that is wanted, and what it said.
  struct Row {
    std::size_t slice;
    std::uint32_t row;
    std::optional<DrawnToken> drawn = {};
    std::optional<RowChances> prompt = {};
  };

  const std::unordered_map<SequenceId, Job>& jobs_;
  const StepPlan& plan_;
  std::vector<Row> rows_;  // in the order of the plan
};

}  // namespace hearth::engine
