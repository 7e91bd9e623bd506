// The device's side of a step: a plan goes in, logits come out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "engine/prompts/cache_tensor.h"
#include "engine/step_plan.h"

namespace hearth::engine {

/// Computes planned steps. The planner sees to it that pages are held by whoever writes them.
/// Made, used and destroyed on the engine thread.
class StepRunner {
 public:
  virtual ~StepRunner() = default;

  /// Takes the logits [V] of a row of slice number `slice`, counted within it; valid during the
  /// call only. Called from several threads at once.
  using TakeRow =
      std::function<void(std::size_t slice, std::uint32_t row, std::span<const float> logits)>;

  /// Computes the plan's tokens, then hands over the logits of every row that is wanted
  /// (Slice::wants_row) once, in any order, until all are taken. What taking throws it throws.
  /// After an error nothing that lies in any page can be trusted until forget().
  virtual Result<void> run(const StepPlan& plan, const TakeRow& take) = 0;

  /// Starts over with empty pages.
  virtual void forget() = 0;

  /// There is nothing to do for a while: gives memory back that is only kept for the next step.
  virtual void rest() {}

  /// Makes the snapshots that a plan would have made first. Errors as with run().
  virtual Result<void> save_states(std::span<const StateCopy> /*copies*/) { return {}; }

  /// What lies in `pages`, and in `state` unless it is kNoState, as plain bytes. Between steps.
  /// Errors as with run().
  virtual Result<std::vector<CacheTensor>> read_cache(std::span<const PageId> /*pages*/,
                                                      StateId /*state*/) {
    return fail(ErrorCode::UnsupportedCapability, "this device gives its cache to nobody");
  }

  /// Puts such content there, and nothing else. @returns CorruptData, and nothing is changed, where
  /// it is of another kind of cache; other errors as with run().
  virtual Result<void> write_cache(std::span<const PageId> /*pages*/, StateId /*state*/,
                                   const std::vector<CacheTensor>& /*content*/) {
    return fail(ErrorCode::UnsupportedCapability, "this device takes its cache from nobody");
  }

  /// What the device's allocator holds.
  struct Memory {
    std::uint64_t active_bytes = 0;
    std::uint64_t peak_bytes = 0;       ///< the most since load
    std::uint64_t step_peak_bytes = 0;  ///< the most since the latest step began
    std::uint64_t cache_bytes = 0;      ///< of the active ones those of keys, values and states
    std::uint64_t spare_bytes = 0;      ///< freed, and kept for the next step
  };
  virtual Memory memory() const = 0;

  /// What computed so far (EngineStats::kernels).
  virtual std::vector<KernelCalls> kernel_calls() const { return {}; }
};

}  // namespace hearth::engine
