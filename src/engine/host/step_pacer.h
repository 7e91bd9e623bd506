// How much the next step may hold, so that running answers keep their pace.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/host/loop_options.h"
#include "engine/scheduler.h"
#include "engine/step_plan.h"
#include "engine/step_times.h"

namespace hearth::engine {

/// Tokens that stand before those of a step, on average.
std::uint32_t depth_of(const StepPlan& plan);

/// Turns the time between two tokens of an answer into a budget of tokens, by what steps took so
/// far. Engine thread only.
class StepPacer {
 public:
  explicit StepPacer(const LoopOptions& options)
      : most_(options.limits.tokens_per_step),
        interval_ms_(options.token_interval_ms),
        measuring_(options.measure_steps) {}

  /// Tokens of the next step: as many as the interval allows while answers are being written, and
  /// a small piece of a prompt in any case. With nobody to wait for them steps may take a second.
  std::uint32_t budget(const Scheduler::Load& load) const;

  void observe(std::uint32_t tokens, std::uint32_t depth, double ms) {
    times_.observe(tokens, depth, ms);
  }

  /// How many tokens to try out next while there is nothing else to do; about a second in all.
  std::optional<std::uint32_t> next_trial() const;
  void tried(std::uint32_t tokens, double ms);
  void stop_trials() { measuring_ = false; }

  StepTimes& times() { return times_; }
  const StepTimes& times() const { return times_; }

 private:
  std::uint32_t most_;
  std::uint32_t interval_ms_;
  bool measuring_;
  std::uint32_t trials_ = 0;
  double tried_ms_ = 0;
  StepTimes times_;
};

}  // namespace hearth::engine
