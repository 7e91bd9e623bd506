// Rows that tell of prompt tokens, and rows that tell the next one.
#include "engine/host/step_rows.h"

#include <utility>

namespace hearth::engine {

void StepRows::take(std::size_t slice, std::uint32_t row, std::span<const float> logits) {
  Sequence& sequence = *plan_.slices[slice].sequence;
  const Job& job = jobs_.at(sequence.id());
  const std::uint32_t position = sequence.computed() + row;
  if (sequence.wants_prompt_logits(position)) {
    prompts_[slice].push_back(
        chances_of(logits, sequence.tokens()[position + 1], job.logprobs.value_or(0)));
    return;
  }
  DrawnToken& drawn = drawn_.emplace_back(
      &sequence, sampler_.draw(logits, job.sampling, sequence.tokens(), sequence.generated()));
  if (job.logprobs && drawn.token)
    drawn.chances = chances_of(sampler_.row(), *drawn.token, *job.logprobs);
}

std::vector<RowChances> StepRows::take_prompt(std::size_t slice) {
  const auto found = prompts_.find(slice);
  return found == prompts_.end() ? std::vector<RowChances>() : std::move(found->second);
}

}  // namespace hearth::engine
