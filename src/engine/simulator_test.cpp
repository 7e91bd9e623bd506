// Thousands of random requests through the scheduler, with its promises checked at every step.
#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "engine/scheduler.h"

namespace hearth::engine {
namespace {

/// What the simulated model says after a row of tokens: any function of all of them will do.
TokenId next_token(std::span<const TokenId> tokens) {
  std::uint32_t hash = 2166136261U;
  for (const TokenId token : tokens) hash = (hash ^ token) * 16777619U;
  return hash % 1000;
}

struct Workload {
  std::uint32_t requests = 0;
  std::uint32_t pages = 0;
  SchedulerLimits limits;
  double cancelled = 0;  ///< share of requests that their client drops
};

struct Outcome {
  std::uint64_t steps = 0;
  std::uint64_t preemptions = 0;
  std::uint64_t refused = 0;
  std::uint64_t finished = 0;
  std::uint64_t fingerprint = 14695981039346656037ULL;  ///< of every slice of every step

  bool operator==(const Outcome&) const = default;
};

/// The paged memory as a model would see it: which token lies in which slot.
class Memory {
 public:
  explicit Memory(std::uint32_t pages) : slots_(std::size_t{pages} * kPageTokens) {}

  void write(const Slice& slice) {
    const Sequence& sequence = *slice.sequence;
    for (std::uint32_t i = 0; i < slice.tokens; ++i) {
      const std::uint32_t position = sequence.computed() + i;
      slots_[slot(sequence, position)] = sequence.tokens()[position];
    }
  }
  std::vector<TokenId> read(const Sequence& sequence, std::uint32_t tokens) const {
    std::vector<TokenId> row;
    for (std::uint32_t i = 0; i < tokens; ++i) row.push_back(slots_[slot(sequence, i)]);
    return row;
  }

 private:
  static std::size_t slot(const Sequence& sequence, std::uint32_t position) {
    const auto page = static_cast<std::size_t>(sequence.pages()[position / kPageTokens]);
    return page * kPageTokens + position % kPageTokens;
  }
  std::vector<TokenId> slots_;
};

class Simulator {
 public:
  Simulator(const Workload& workload, std::uint64_t seed)
      : workload_(workload),
        random_(seed),
        pool_(workload.pages),
        memory_(workload.pages),
        scheduler_(workload.limits, pool_) {}

  Outcome run() {
    while (submitted_ < workload_.requests || !scheduler_.idle()) {
      arrive();
      cancel_some();
      step();
      if (::testing::Test::HasFailure()) break;
    }
    EXPECT_EQ(pool_.used(), 0U);
    EXPECT_EQ(outcome_.finished + outcome_.refused + cancelled_, workload_.requests);
    return outcome_;
  }

 private:
  std::uint32_t pick(std::uint32_t from, std::uint32_t to) {
    return from + static_cast<std::uint32_t>(random_() % (to - from + 1));
  }

  void arrive() {
    for (std::uint32_t n = pick(0, 2); n > 0 && submitted_ < workload_.requests; --n) {
      const auto id = SequenceId{++submitted_};
      std::vector<TokenId> prompt(pick(0, 9) == 0 ? pick(100, 400) : pick(1, 60));
      for (TokenId& token : prompt) token = pick(0, 999);
      const std::uint32_t max_new = pick(1, 80);
      if (!scheduler_.submit(std::make_unique<Sequence>(id, std::move(prompt), max_new))) {
        ++outcome_.refused;
      } else {
        alive_.insert(id);
      }
    }
  }

  void cancel_some() {
    if (alive_.empty() || pick(0, 999) >= workload_.cancelled * 1000) return;
    auto victim = alive_.begin();
    std::advance(victim, pick(0, static_cast<std::uint32_t>(alive_.size()) - 1));
    EXPECT_TRUE(scheduler_.remove(*victim));
    alive_.erase(victim);
    ++cancelled_;
  }

  void step() {
    const StepPlan plan = scheduler_.plan_step();
    ++outcome_.steps;
    outcome_.preemptions += plan.preempted.size();
    check(plan);
    std::vector<Sequence*> next;
    for (const Slice& slice : plan.slices) {
      memory_.write(slice);
      if (slice.wants_logits()) next.push_back(slice.sequence);
    }
    scheduler_.commit(plan);
    for (Sequence* sequence : next) decode(*sequence);
    scheduler_.check_integrity();
  }

  // The next token is made from what the pages hold, so a page that two sequences write, or one
  // that was not computed anew, changes the text.
  void decode(Sequence& sequence) {
    const auto seen = memory_.read(sequence, sequence.computed());
    ASSERT_TRUE(std::ranges::equal(seen, sequence.tokens()));
    sequence.append_token(next_token(seen));
    if (!sequence.full()) return;
    ++outcome_.finished;
    alive_.erase(sequence.id());
    scheduler_.remove(sequence.id());
  }

  void check(const StepPlan& plan) {
    std::uint32_t tokens = 0;
    for (std::size_t i = 0; i < plan.slices.size(); ++i) {
      const Slice& slice = plan.slices[i];
      tokens += slice.tokens;
      note(static_cast<std::uint64_t>(slice.sequence->id()), slice.tokens);
      ASSERT_GT(slice.tokens, 0U);
      ASSERT_LE(slice.tokens, slice.sequence->uncomputed());
      ASSERT_GE(slice.sequence->pages().size(),
                pages_for(std::uint64_t{slice.sequence->computed()} + slice.tokens));
      if (i > 0) {
        ASSERT_GT(slice.sequence->id(), plan.slices[i - 1].sequence->id());
      }
    }
    ASSERT_EQ(tokens, plan.tokens);
    ASSERT_LE(tokens, workload_.limits.tokens_per_step);
    ASSERT_LE(plan.slices.size(), workload_.limits.sequences);
    if (alive_.empty()) {
      ASSERT_TRUE(plan.empty());
    } else {
      // The oldest moves on in every step; therefore everybody's turn comes.
      ASSERT_FALSE(plan.empty());
      ASSERT_EQ(plan.slices.front().sequence->id(), *alive_.begin());
      ASSERT_EQ(plan.slices.size(), scheduler_.running());  // and nobody who runs is passed over
    }
  }

  void note(std::uint64_t id, std::uint64_t tokens) {
    for (const std::uint64_t value : {id, tokens})
      outcome_.fingerprint = (outcome_.fingerprint ^ value) * 1099511628211ULL;
  }

  Workload workload_;
  std::mt19937_64 random_;
  PagePool pool_;
  Memory memory_;
  Scheduler scheduler_;
  std::uint64_t submitted_ = 0;
  std::uint64_t cancelled_ = 0;
  std::set<SequenceId> alive_;
  Outcome outcome_;
};

TEST(Simulator, AmpleMemory) {
  const Workload workload{.requests = 5000, .pages = 2000, .limits = {64, 256}, .cancelled = 0.1};
  const Outcome outcome = Simulator(workload, 1).run();
  EXPECT_EQ(outcome.preemptions, 0U);
  EXPECT_EQ(outcome.refused, 0U);
}

TEST(Simulator, ScarceMemoryPreemptsAndStillFinishesEverything) {
  const Workload workload{.requests = 5000, .pages = 20, .limits = {16, 64}, .cancelled = 0.01};
  const Outcome outcome = Simulator(workload, 2).run();
  EXPECT_GT(outcome.preemptions, 20U);
  EXPECT_GT(outcome.finished, 4000U);
}

TEST(Simulator, TooLongRequestsAreRefusedAndHarmNobody) {
  const Workload workload{.requests = 2000, .pages = 9, .limits = {8, 32}, .cancelled = 0};
  const Outcome outcome = Simulator(workload, 3).run();
  EXPECT_GT(outcome.refused, 50U);
}

TEST(Simulator, ABudgetOfOneTokenServesOneAfterTheOther) {
  const Workload workload{.requests = 200, .pages = 40, .limits = {8, 1}, .cancelled = 0.01};
  Simulator(workload, 4).run();
}

TEST(Simulator, ManyLimits) {
  std::mt19937_64 random(5);
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Workload workload{
        .requests = 300,
        .pages = 15 + static_cast<std::uint32_t>(random() % 60),
        .limits = {1 + static_cast<std::uint32_t>(random() % 20),
                   1 + static_cast<std::uint32_t>(random() % 300)},
        .cancelled = 0.1,
    };
    Simulator(workload, seed).run();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

TEST(Simulator, TheSameWorkloadIsPlannedTheSameWay) {
  const Workload workload{.requests = 1000, .pages = 25, .limits = {16, 64}, .cancelled = 0.05};
  EXPECT_EQ(Simulator(workload, 7).run(), Simulator(workload, 7).run());
}

}  // namespace
}  // namespace hearth::engine
