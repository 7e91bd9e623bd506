// The scheduler's rules one by one: budget, order, admission, preemption, removal.
#include "engine/scheduler.h"

#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <vector>

namespace hearth::engine {
namespace {

using Tokens = std::vector<std::uint32_t>;

/// A scheduler with an engine that computes nothing: whoever wants logits gets token 7.
class World {
 public:
  World(SchedulerLimits limits, std::uint32_t pages) : pool_(pages), scheduler_(limits, pool_) {}

  Result<void> submit(std::uint64_t id, std::uint32_t prompt, std::uint32_t max_new = 100) {
    return scheduler_.submit(
        std::make_unique<Sequence>(SequenceId{id}, std::vector<TokenId>(prompt, 1), max_new));
  }

  /// One step; tokens per slice, oldest first.
  Tokens run() {
    const StepPlan plan = scheduler_.plan_step();
    Tokens tokens;
    for (const Slice& slice : plan.slices) tokens.push_back(slice.tokens);
    preempted_ = plan.preempted;
    std::vector<Sequence*> next;
    for (const Slice& slice : plan.slices)
      if (slice.wants_logits()) next.push_back(slice.sequence);
    scheduler_.commit(plan);
    for (Sequence* sequence : next) {
      sequence->append_token(7);
      if (sequence->full()) scheduler_.remove(sequence->id());
    }
    scheduler_.check_integrity();
    return tokens;
  }

  Scheduler& scheduler() { return scheduler_; }
  const PagePool& pool() const { return pool_; }
  const std::vector<SequenceId>& preempted() const { return preempted_; }

 private:
  PagePool pool_;
  Scheduler scheduler_;
  std::vector<SequenceId> preempted_;
};

TEST(Scheduler, LongPromptIsComputedInChunksWhileShortOnesKeepDecoding) {
  World world({.sequences = 4, .tokens_per_step = 8}, /*pages=*/16);
  ASSERT_TRUE(world.submit(1, /*prompt=*/4));
  EXPECT_EQ(world.run(), (Tokens{4}));
  ASSERT_TRUE(world.submit(2, /*prompt=*/20));
  EXPECT_EQ(world.run(), (Tokens{1, 7}));  // 1 decodes; 2 gets what is left of the budget
  EXPECT_EQ(world.run(), (Tokens{1, 7}));
  EXPECT_EQ(world.run(), (Tokens{1, 6}));
  EXPECT_EQ(world.run(), (Tokens{1, 1}));
}

TEST(Scheduler, FillsTheBudgetWithAsManyPromptsAsFit) {
  World world({.sequences = 8, .tokens_per_step = 10}, /*pages=*/16);
  for (std::uint64_t id = 1; id <= 4; ++id) ASSERT_TRUE(world.submit(id, /*prompt=*/4));
  EXPECT_EQ(world.run(), (Tokens{4, 4, 2}));
  EXPECT_EQ(world.run(), (Tokens{1, 1, 2, 4}));
}

TEST(Scheduler, NoMoreThanTheLimitRunAtOnce) {
  World world({.sequences = 2, .tokens_per_step = 100}, /*pages=*/16);
  for (std::uint64_t id = 1; id <= 3; ++id) ASSERT_TRUE(world.submit(id, 5, /*max_new=*/2));
  EXPECT_EQ(world.run(), (Tokens{5, 5}));
  EXPECT_EQ(world.scheduler().waiting(), 1U);
  EXPECT_EQ(world.run(), (Tokens{1, 1}));
  EXPECT_EQ(world.run(), (Tokens{5}));
}

TEST(Scheduler, ARequestThatCannotRunEvenAloneIsRefusedWithTheNumbers) {
  World world({}, /*pages=*/2);
  const auto refused = world.submit(1, /*prompt=*/60, /*max_new=*/6);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::OutOfMemory);
  EXPECT_EQ(refused.error().message,
            "the request may need memory for 65 tokens (60 of them its prompt), but the model has "
            "room for 64; lower max_tokens or shorten the prompt");
  EXPECT_TRUE(world.submit(2, /*prompt=*/60, /*max_new=*/5));
}

TEST(Scheduler, TheLastTokenNeedsNoPage) {
  World world({}, /*pages=*/1);
  ASSERT_TRUE(world.submit(1, /*prompt=*/32, /*max_new=*/1));
  EXPECT_EQ(world.run(), (Tokens{32}));
  EXPECT_TRUE(world.scheduler().idle());
  EXPECT_EQ(world.pool().used(), 0U);
}

TEST(Scheduler, NobodyOvertakesAPromptThatWaitsForPages) {
  World world({.sequences = 8, .tokens_per_step = 512}, /*pages=*/4);
  ASSERT_TRUE(world.submit(1, /*prompt=*/64, /*max_new=*/2));
  ASSERT_TRUE(world.submit(2, /*prompt=*/96, /*max_new=*/2));
  ASSERT_TRUE(world.submit(3, /*prompt=*/1, /*max_new=*/2));
  EXPECT_EQ(world.run(), (Tokens{64}));
  EXPECT_EQ(world.run(), (Tokens{1}));
  EXPECT_EQ(world.run(), (Tokens{96}));
}

TEST(Scheduler, WhenPagesRunOutTheNewestIsComputedAnewLater) {
  World world({.sequences = 4, .tokens_per_step = 512}, /*pages=*/4);
  ASSERT_TRUE(world.submit(1, /*prompt=*/32, /*max_new=*/40));
  ASSERT_TRUE(world.submit(2, /*prompt=*/32, /*max_new=*/40));
  ASSERT_EQ(world.run(), (Tokens{32, 32}));
  for (int i = 0; i < 32; ++i) ASSERT_EQ(world.run(), (Tokens{1, 1}));
  EXPECT_EQ(world.run(), (Tokens{1}));  // both need a third page, and there are four
  EXPECT_EQ(world.preempted(), (std::vector{SequenceId{2}}));
  EXPECT_EQ(world.pool().used(), 3U);
  for (int i = 0; i < 6; ++i) ASSERT_EQ(world.run(), (Tokens{1}));
  EXPECT_EQ(world.run(), (Tokens{65}));  // 1 is done: 2 reads its prompt and its 33 tokens again
}

TEST(Scheduler, RemovingFreesPagesAtOnce) {
  World world({.sequences = 1, .tokens_per_step = 512}, /*pages=*/8);
  ASSERT_TRUE(world.submit(1, /*prompt=*/100));
  ASSERT_TRUE(world.submit(2, /*prompt=*/10));
  world.run();
  EXPECT_EQ(world.pool().used(), 4U);
  EXPECT_TRUE(world.scheduler().remove(SequenceId{1}));
  EXPECT_EQ(world.pool().used(), 0U);
  EXPECT_FALSE(world.scheduler().remove(SequenceId{1}));
  EXPECT_TRUE(world.scheduler().remove(SequenceId{2}));  // one that only waits
  EXPECT_TRUE(world.scheduler().idle());
  EXPECT_TRUE(world.run().empty());
}

}  // namespace
}  // namespace hearth::engine
