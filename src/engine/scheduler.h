// Who computes what in the next step, within a budget of tokens and a pool of pages.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/fair_share.h"
#include "engine/page_cache.h"
#include "engine/prompt_history.h"
#include "engine/sequence.h"
#include "engine/step_plan.h"

namespace hearth::engine {

struct SchedulerLimits {
  std::uint32_t sequences = 64;         ///< that run at once
  std::uint32_t tokens_per_step = 512;  ///< of all sequences together, at most
  std::uint32_t waiting = 1024;         ///< in the queue
  std::uint32_t foresight = 256;  ///< tokens of an answer that pages are reserved for in advance
  std::uint32_t logit_rows =
      128;  ///< prompt tokens per step whose logits are wanted: they are wide
};

/// What a step may cost. Time is any clock that never goes back, in seconds.
struct StepBudget {
  std::uint32_t tokens = 0;  ///< at least 1
  double now_s = 0;
};

struct SchedulerCounts {
  std::uint64_t lookup_tokens = 0;  ///< of prompts looked up in the cache
  std::uint64_t hit_tokens = 0;
  std::uint64_t preemptions = 0;
};

/// Running sequences and the queue of waiting ones. There is no prefill and no decode phase; each
/// sequence has uncomputed tokens and catches up.
///
/// A sequence's rank decides who goes first, the lowest of all: its priority (0, 1, 2), plus what
/// its client got ahead of other clients, minus a tenth for every second that it waited. Clients
/// take turns: between them only the time counts since each had its last one. Answers
/// that are being written come first in a step and get a token each; what is left of the budget is
/// for prompts, a quarter of it for the one that is there for longest and the rest for the
/// shortest, so neither starves the other. A sequence is admitted when pages are reserved for its
/// prompt and the next `foresight` tokens of its answer. Who needs more than was reserved may find
/// none; then the sequence with the worst rank gives its pages back and waits to be computed anew.
/// Higher priorities also take the places of lower ones that run, and a client the place of a
/// crowd.
///
/// Prompts that begin like one that is still being read wait for it instead of reading the same.
///
/// Layers with a window may have pages of their own. They are reserved up to what a sequence holds
/// of them at once, and each step gives back what no later token reads.
///
/// Pure bookkeeping: no arrays, no clock, no locks. Engine thread only.
class Scheduler {
 public:
  /// @param cache  must outlive the scheduler, and belongs to it alone
  Scheduler(SchedulerLimits limits, PageCache& cache);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  /// Puts a sequence into the queue.
  /// @returns OutOfMemory, with the numbers, for one that could not run even alone; RateLimited
  ///          where the queue is full.
  Result<void> submit(std::unique_ptr<Sequence> sequence, double now_s);

  /// Chooses the work of one forward pass. Empty only when there is nothing to do. Valid until the
  /// next call; commit() or forget_computed() must come first.
  const StepPlan& plan_step(StepBudget budget);

  /// The plan was computed: its tokens count as computed from now on, and others may share them.
  void commit();

  /// A step failed and no page can be trusted: everybody waits and is computed anew. Those of the
  /// failed plan run one by one until each has shown that it is not the reason.
  void forget_computed();

  /// The pages were lost without a step: everybody waits and is computed anew.
  void forget_pages();

  /// Ends a sequence, running or waiting, and lets go of its pages.
  /// @returns false for one that is not here (any more).
  bool remove(SequenceId id);

  std::uint32_t running() const { return static_cast<std::uint32_t>(running_.size()); }
  std::uint32_t waiting() const { return static_cast<std::uint32_t>(waiting_.size()); }
  bool idle() const { return running_.empty() && waiting_.empty(); }
  /// What runs: answers that are being written, and how far everything is.
  struct Load {
    std::uint32_t decoding = 0;
    std::uint32_t decoding_depth = 0;  ///< tokens, on average
    std::uint32_t prompt_depth = 0;    ///< of the prompt that is furthest
  };
  Load load() const;
  /// The first waiting ones in their order.
  std::vector<const Sequence*> queue(std::size_t most) const;
  const SchedulerCounts& counts() const { return counts_; }
  /// Pages that nobody holds and nobody has reserved.
  std::uint32_t spare_pages() const { return spare(); }
  /// Snapshots that the next plan would make first; whoever takes them makes them.
  std::vector<StateCopy> take_saves() { return std::exchange(saves_, {}); }
  /// How many wait per priority.
  std::array<std::uint32_t, 3> waiting_by_priority() const;

  /// Where a sequence stood when the latest step was planned; lower goes first.
  double rank(const Sequence& sequence) const;

  /// Asserts that pages, tables and limits agree with each other. For tests.
  void check_integrity() const;

 private:
  struct Candidate {
    double rank = 0;
    Sequence* sequence = nullptr;
  };
  struct Need {
    std::uint32_t reserved = 0;         ///< pages of its table in the end
    std::uint32_t pages = 0;            ///< that leave what is available
    std::uint32_t window_reserved = 0;  ///< window pages that it will take
    std::uint32_t windows = 0;          ///< that leave what is available
  };

  // plan_running.cpp
  void plan_decoding(std::uint32_t budget);
  void plan_prompts(std::uint32_t budget);
  std::uint32_t give(Sequence& sequence, std::uint32_t tokens);
  bool grow(Sequence& sequence, std::uint64_t tokens);
  bool add_page(Sequence& sequence);
  void plan_alone(std::uint32_t budget);
  bool worse(const Sequence& a, const Sequence& b) const;
  Sequence* worst_running() const;
  void preempt(Sequence& victim);
  void stop_running(Sequence& sequence);

  // plan_waiting.cpp
  void admit_waiting();
  void order_waiting();
  void take_turns(std::vector<Candidate>& candidates, std::size_t most) const;
  bool still_awaited(Sequence& sequence);
  bool await_provider(Sequence& sequence, PrefixMatch& match);
  void consider_provider(Sequence& sequence, Sequence& provider, PrefixMatch& match);
  bool gives_way(const Sequence& running, const Sequence& to) const;
  bool finds_place(const Sequence& sequence) const;
  Sequence* who_gives_way(const Sequence& to) const;
  bool make_place(Sequence& sequence, const Need& need);

  // admission.cpp
  PrefixMatch find(Sequence& sequence) const;
  Need need_of(const Sequence& sequence, const PrefixMatch& match) const;
  void add_windows(Need& need, const PrefixMatch& match) const;
  bool fits(const Need& need) const;
  void admit(Sequence& sequence, const PrefixMatch& match);
  void take_over(Sequence& sequence, const PrefixMatch& match);
  void take_over_windows(Sequence& sequence, const PrefixMatch& match);
  void note_first_admission(Sequence& sequence, const PrefixMatch& match);
  void plan_stops(Sequence& sequence, const PrefixMatch& match);

  void expire();
  void unpin();
  void unpin_windows();
  void publish(Sequence& sequence);
  void leave_behind(Sequence& sequence);
  void take_snapshot(Sequence& sequence);
  double turn_rank(const Sequence& sequence, double turn_s) const;
  double base_rank(const Sequence& sequence) const;
  std::uint32_t spare() const { return cache_.available() - outstanding_; }
  std::uint32_t spare_windows() const {
    return cache_.windows().available() - outstanding_windows_;
  }
  std::uint32_t most_windows() const { return cache_.windows().most_held(limits_.tokens_per_step); }
  std::uint32_t outstanding(const Sequence& sequence) const;

  SchedulerLimits limits_;
  PageCache& cache_;
  PromptHistory history_;
  FairShare shares_;
  std::unordered_map<SequenceId, std::unique_ptr<Sequence>> all_;
  std::vector<Sequence*> running_;  // in the order of their admission
  std::vector<Sequence*> waiting_;  // in the order of their arrival in the queue
  SchedulerCounts counts_;
  std::uint32_t outstanding_ = 0;  // pages reserved, but not taken yet
  std::uint32_t outstanding_windows_ = 0;
  std::uint32_t suspects_ = 0;
  std::uint32_t timed_ = 0;  // sequences that expire
  std::uint64_t step_ = 0;
  double now_s_ = 0;
  double floor_ = 0;
  std::uint32_t logit_rows_left_ = 0;  // of this step

  // Of the step that is being planned; kept to spare memory allocations.
  StepPlan plan_;
  std::vector<StateCopy> saves_;  // for the next plan
  std::vector<PageId> pinned_;    // sources of copies
  std::vector<PageId> pinned_windows_;
  std::vector<Sequence*> readers_;
  std::vector<Sequence*> decoders_;
  std::vector<Candidate> candidates_;
  std::vector<Sequence*> passed_over_;
};

}  // namespace hearth::engine
