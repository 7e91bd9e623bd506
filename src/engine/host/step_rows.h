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
#include "engine/sampler.h"
#include "engine/step_plan.h"

namespace hearth::engine {

/// One sequence's next token.
struct DrawnToken {
  Sequence* sequence = nullptr;
  Result<TokenId> token;
  std::optional<RowChances> chances = {};  ///< where the request reports its tokens
};

/// Takes a step's rows of logits one by one. Engine thread; lives as long as the step.
class StepRows {
 public:
  /// @param jobs     of all sequences of the plan
  /// @param sampler  draws
  StepRows(const std::unordered_map<SequenceId, Job>& jobs, Sampler& sampler, const StepPlan& plan)
      : jobs_(jobs), sampler_(sampler), plan_(plan) {}

  /// A row that is wanted, as StepRunner::run hands it over.
  void take(std::size_t slice, std::uint32_t row, std::span<const float> logits);

  std::vector<DrawnToken>& drawn() { return drawn_; }
  /// The chances of a slice's prompt tokens, where asked for; once.
  std::vector<RowChances> take_prompt(std::size_t slice);

 private:
  const std::unordered_map<SequenceId, Job>& jobs_;
  Sampler& sampler_;
  const StepPlan& plan_;
  std::vector<DrawnToken> drawn_;
  std::unordered_map<std::size_t, std::vector<RowChances>> prompts_;  // by slice
};

}  // namespace hearth::engine
