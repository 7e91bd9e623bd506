// A scheduler with an engine that computes nothing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/scheduler.h"

namespace hearth::engine::testing {

using Tokens = std::vector<std::uint32_t>;

/// A scheduler with an engine that computes nothing: whoever wants logits gets token 7. No two
/// prompts begin alike, unless a test says so.
class World {
 public:
  World(SchedulerLimits limits, std::uint32_t pages)
      : World(limits, PageCacheOptions{.pages = pages}) {}
  World(SchedulerLimits limits, PageCacheOptions cache)
      : limits_(limits), cache_(cache), scheduler_(limits, cache_) {}

  Result<void> submit(std::uint64_t id, std::uint32_t prompt, std::uint32_t max_new = 100,
                      SequenceTraits traits = {}) {
    return submit(id, std::vector<TokenId>(prompt, static_cast<TokenId>(1000 + id)), max_new,
                  std::move(traits));
  }
  Result<void> submit(std::uint64_t id, std::vector<TokenId> prompt, std::uint32_t max_new,
                      SequenceTraits traits = {}) {
    return scheduler_.submit(
        std::make_unique<Sequence>(SequenceId{id}, std::move(prompt), max_new, std::move(traits)),
        now_s_);
  }

  /// One step; tokens per slice by sequence number.
  std::map<std::uint64_t, std::uint32_t> step(std::uint32_t tokens = 0) {
    const StepPlan& plan =
        scheduler_.plan_step({tokens > 0 ? tokens : limits_.tokens_per_step, now_s_});
    std::map<std::uint64_t, std::uint32_t> slices;
    std::vector<Sequence*> next;
    for (const Slice& slice : plan.slices) {
      slices[static_cast<std::uint64_t>(slice.sequence->id())] = slice.tokens;
      if (slice.wants_logits()) next.push_back(slice.sequence);
    }
    preempted_ = plan.preempted;
    expired_ = plan.expired;
    copies_ = plan.page_copies.size() + plan.window_copies.size();
    for (const Sequence* one : plan.admitted) misses_.push_back(one->prefix_miss().rule);
    scheduler_.commit();
    for (Sequence* sequence : next) {
      sequence->append_token(7);
      if (sequence->full()) scheduler_.remove(sequence->id());
    }
    scheduler_.check_integrity();
    return slices;
  }
  /// The same; tokens per slice in the order of sequence numbers.
  Tokens run() {
    Tokens tokens;
    for (const auto& [id, slice] : step()) tokens.push_back(slice);
    return tokens;
  }
  void wait(double seconds) { now_s_ += seconds; }

  Scheduler& scheduler() { return scheduler_; }
  const PageCache& cache() const { return cache_; }
  const std::vector<SequenceId>& preempted() const { return preempted_; }
  const std::vector<SequenceId>& expired() const { return expired_; }
  std::size_t copies() const { return copies_; }
  /// Of every sequence so far, in the order of admission.
  const std::vector<PrefixRule>& misses() const { return misses_; }

 private:
  SchedulerLimits limits_;
  PageCache cache_;
  Scheduler scheduler_;
  double now_s_ = 0;
  std::vector<SequenceId> preempted_;
  std::vector<SequenceId> expired_;
  std::size_t copies_ = 0;
  std::vector<PrefixRule> misses_;
};

using Slices = std::map<std::uint64_t, std::uint32_t>;

inline SequenceTraits with(Priority priority) {
  return {.priority = priority};
}
inline SequenceTraits from(const std::string& client) {
  return {.client = client};
}

}  // namespace hearth::engine::testing
