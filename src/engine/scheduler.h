// Who computes what in the next step, within a budget of tokens and a pool of pages.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/page_pool.h"
#include "engine/sequence.h"
#include "engine/step_plan.h"

namespace hearth::engine {

struct SchedulerLimits {
  std::uint32_t sequences = 64;         ///< that run at once
  std::uint32_t tokens_per_step = 512;  ///< of all sequences together
};

/// Running sequences and the queue of waiting ones, both in arrival order: whoever runs came before
/// whoever waits. There is no prefill and no decode phase; each sequence has uncomputed tokens and
/// catches up. When pages run out the newest running sequence gives its own back and waits at the
/// head of the queue, to be computed anew, so the oldest always moves on and nobody starves.
///
/// Pure bookkeeping: no arrays, no clock, no locks. Engine thread only.
class Scheduler {
 public:
  /// @param pages  must outlive the scheduler, and belongs to it alone
  Scheduler(SchedulerLimits limits, PagePool& pages);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Puts a sequence at the end of the queue.
  /// @returns OutOfMemory, with the numbers, for one that could not run even alone.
  Result<void> submit(std::unique_ptr<Sequence> sequence);

  /// Chooses the work of one forward pass: running sequences first, then waiting ones in their
  /// order. Empty only when there is nothing to do.
  StepPlan plan_step();

  /// The plan was computed: its tokens count as computed from now on.
  void commit(const StepPlan& plan);

  /// Ends a sequence, running or waiting, and frees its pages.
  /// @returns false for one that is not here (any more).
  bool remove(SequenceId id);

  std::uint32_t running() const { return static_cast<std::uint32_t>(running_.size()); }
  std::uint32_t waiting() const { return static_cast<std::uint32_t>(waiting_.size()); }
  bool idle() const { return running_.empty() && waiting_.empty(); }

  /// Asserts that pages, tables and limits agree with each other. For tests, and for idle moments.
  void check_integrity() const;

 private:
  void plan_running(StepPlan& plan);
  void plan_waiting(StepPlan& plan);
  bool make_room(Sequence& sequence, std::uint32_t tokens, StepPlan& plan);
  bool try_grow(Sequence& sequence, std::uint64_t tokens, std::uint32_t spare);
  void preempt_newest(StepPlan& plan);
  void free_pages(Sequence& sequence);

  SchedulerLimits limits_;
  PagePool& pages_;
  std::vector<std::unique_ptr<Sequence>> running_;  // oldest first
  std::deque<std::unique_ptr<Sequence>> waiting_;   // oldest first
};

}  // namespace hearth::engine
