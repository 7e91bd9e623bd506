// Budgets and trials.
#include "engine/host/step_pacer.h"

#include <algorithm>

namespace hearth::engine {
namespace {

constexpr std::uint32_t kFirstPiece = 32;  // tokens, before anything is known
constexpr std::uint32_t kLeastPiece = 16;  // of a prompt, however slow the answers are
constexpr std::uint32_t kLeastAlone = 128;
constexpr double kAloneMs = 1000;  // cancelling and newcomers wait for a step
constexpr double kTrialMs = 250;   // a request may come during a trial
constexpr double kAllTrialsMs = 1000;
constexpr std::uint32_t kTimes = 2;  // each size is tried; the first time is long

}  // namespace

std::uint32_t depth_of(const StepPlan& plan) {
  std::uint64_t sum = 0;
  for (const Slice& slice : plan.slices)
    sum += std::uint64_t{slice.tokens} * (slice.sequence->computed() + slice.tokens / 2);
  return plan.tokens == 0 ? 0 : static_cast<std::uint32_t>(sum / plan.tokens);
}

std::uint32_t StepPacer::budget(const Scheduler::Load& load) const {
  if (load.decoding == 0)
    return std::max(times_.tokens_within(kAloneMs, load.prompt_depth, most_, most_),
                    std::min(kLeastAlone, most_));
  const std::uint32_t depth = std::max(load.decoding_depth, load.prompt_depth);
  const std::uint32_t fits =
      times_.tokens_within(interval_ms_, depth, most_, load.decoding + kFirstPiece);
  return std::min(std::max(fits, load.decoding + kLeastPiece), most_);
}

std::optional<std::uint32_t> StepPacer::next_trial() const {
  const std::uint32_t exponent = trials_ / kTimes;
  if (!measuring_ || exponent > 16 || tried_ms_ > kAllTrialsMs) return std::nullopt;
  const std::uint32_t tokens = 1U << exponent;
  if (tokens > most_ || times_.expect(tokens, 0).value_or(0) > kTrialMs) return std::nullopt;
  return tokens;
}

void StepPacer::tried(std::uint32_t tokens, double ms) {
  ++trials_;
  tried_ms_ += ms;
  observe(tokens, 0, ms);
}

}  // namespace hearth::engine
