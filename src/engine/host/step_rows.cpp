// Rows that tell of prompt tokens, and rows that tell the next one.
#include "engine/host/step_rows.h"

#include <algorithm>
#include <utility>

#include "engine/sampler.h"

namespace hearth::engine {

StepRows::StepRows(const std::unordered_map<SequenceId, Job>& jobs, const StepPlan& plan)
    : jobs_(jobs), plan_(plan) {
  for (std::size_t slice = 0; slice < plan.slices.size(); ++slice)
    for (std::uint32_t row = 0; row < plan.slices[slice].tokens; ++row)
      if (plan.slices[slice].wants_row(row)) rows_.push_back({.slice = slice, .row = row});
}

void StepRows::take(std::size_t slice, std::uint32_t row, std::span<const float> logits) {
  thread_local Sampler sampler;
  Row& place = *std::ranges::lower_bound(rows_, std::pair(slice, row), {}, [](const Row& one) {
    return std::pair(one.slice, one.row);
  });
  Sequence& sequence = *plan_.slices[slice].sequence;
  const Job& job = jobs_.at(sequence.id());
  const std::uint32_t position = sequence.computed() + row;
  if (sequence.wants_prompt_logits(position)) {
    place.prompt = chances_of(logits, sequence.tokens()[position + 1], job.logprobs.value_or(0));
    return;
  }
  place.drawn = DrawnToken{
      &sequence, sampler.draw(logits, job.sampling, sequence.tokens(), sequence.generated())};
  if (job.logprobs && place.drawn->token)
    place.drawn->chances = chances_of(sampler.row(), *place.drawn->token, *job.logprobs);
}

std::vector<DrawnToken> StepRows::take_drawn() {
  std::vector<DrawnToken> drawn;
  for (Row& row : rows_)
    if (row.drawn) drawn.push_back(*std::exchange(row.drawn, {}));
  return drawn;
}

std::vector<RowChances> StepRows::take_prompt(std::size_t slice) {
  std::vector<RowChances> prompt;
  for (Row& row : rows_)
    if (row.slice == slice && row.prompt) prompt.push_back(*std::exchange(row.prompt, {}));
  return prompt;
}

}  // namespace hearth::engine
