// What sequences share: prompts that come together, later turns, eviction, and why a prefix missed.
#include <gtest/gtest.h>
#include <vector>

#include "engine/scheduler.h"
#include "engine/testing/made_up_prompts.h"
#include "engine/testing/scheduler_world.h"

namespace hearth::engine {
namespace {

using testing::from;
using testing::Slices;
using testing::token_row;
using testing::World;

TEST(Scheduler, EqualPromptsThatComeTogetherAreComputedOnce) {
  World world({.sequences = 8}, /*pages=*/64);
  for (std::uint64_t id = 1; id <= 4; ++id) ASSERT_TRUE(world.submit(id, token_row(0, 100), 10));
  EXPECT_EQ(world.step(), (Slices{{1, 100}}));
  EXPECT_EQ(world.step(), (Slices{{1, 1}, {2, 1}, {3, 1}, {4, 1}}));
  EXPECT_EQ(world.copies(), 3U);  // of the page that is not whole
  EXPECT_EQ(world.cache().used(), 3U + 4U);
  EXPECT_EQ(world.scheduler().counts().hit_tokens, 3U * 99U);
}

TEST(Scheduler, APromptWaitsForTheOneThatReadsTheSameInChunks) {
  World world({.sequences = 8, .tokens_per_step = 64}, /*pages=*/64);
  ASSERT_TRUE(world.submit(1, token_row(0, 200), 10));
  EXPECT_EQ(world.step(), (Slices{{1, 64}}));
  std::vector<TokenId> other = token_row(0, 150);
  other.resize(160, 5000);
  ASSERT_TRUE(world.submit(2, other, 10));
  ASSERT_TRUE(world.submit(3, token_row(9000, 20), 10));
  EXPECT_EQ(world.step(), (Slices{{1, 44}, {3, 20}}));
  EXPECT_EQ(world.step(), (Slices{{1, 63}, {3, 1}}));  // 171: past the 150 they share
  EXPECT_EQ(world.step(), (Slices{{1, 29}, {2, 10}, {3, 1}}));
}

TEST(Scheduler, WhoeverWaitsForItGoesOnWhenItsReaderIsCancelled) {
  World world({.sequences = 8, .tokens_per_step = 64}, /*pages=*/64);
  ASSERT_TRUE(world.submit(1, token_row(0, 200), 10));
  world.step();
  ASSERT_TRUE(world.submit(2, token_row(0, 200), 10));
  EXPECT_EQ(world.step(), (Slices{{1, 64}}));
  world.scheduler().remove(SequenceId{1});
  EXPECT_EQ(world.step(), (Slices{{2, 64}}));  // from 128 on
  EXPECT_EQ(world.step(), (Slices{{2, 8}}));
}

TEST(Scheduler, TheNextTurnFindsPromptAndAnswer) {
  World world({}, /*pages=*/64);
  ASSERT_TRUE(world.submit(1, token_row(0, 70), /*max_new=*/30));
  for (int i = 0; i < 30; ++i) world.step();
  ASSERT_TRUE(world.scheduler().idle());
  std::vector<TokenId> next = token_row(0, 70);
  next.insert(next.end(), 30, 7);  // what it answered
  next.insert(next.end(), 20, 4711);
  ASSERT_TRUE(world.submit(2, next, 5));
  EXPECT_EQ(world.step(), (Slices{{2, 21}}));  // its last token was never computed
}

TEST(Scheduler, TheLeastRecentlyUsedPrefixIsEvictedFirst) {
  World world({.foresight = 0}, /*pages=*/8);
  const auto ask = [&](std::uint64_t id, std::uint32_t from) {
    EXPECT_TRUE(world.submit(id, token_row(from, 64), 1));
    return world.step().begin()->second;
  };
  EXPECT_EQ(ask(1, 0), 64U);
  EXPECT_EQ(ask(2, 1000), 64U);
  EXPECT_EQ(ask(3, 2000), 64U);
  EXPECT_EQ(ask(4, 0), 1U);  // used again
  EXPECT_EQ(ask(5, 3000), 64U);
  EXPECT_EQ(ask(6, 4000), 64U);
  EXPECT_EQ(ask(7, 0), 1U);
  EXPECT_EQ(ask(8, 1000), 64U);
}

TEST(Scheduler, TheRuleOfAMissIsTold) {
  World world({.foresight = 0}, /*pages=*/64);
  const auto miss = [&](std::uint64_t id, std::vector<TokenId> prompt, SequenceTraits traits = {}) {
    EXPECT_TRUE(world.submit(id, std::move(prompt), 1, std::move(traits)));
    PrefixMiss told;
    const StepPlan& plan = world.scheduler().plan_step({512, 0});
    told = plan.admitted.at(0)->prefix_miss();
    world.scheduler().commit();
    world.scheduler().remove(SequenceId{id});
    return told;
  };
  EXPECT_EQ(miss(1, token_row(0, 100)).rule, PrefixRule::NoEarlierPrompt);
  EXPECT_EQ(miss(2, token_row(0, 100)).rule, PrefixRule::Hit);
  EXPECT_EQ(miss(3, token_row(0, 130)).rule, PrefixRule::Hit);  // goes on where the first ended
  std::vector<TokenId> other = token_row(0, 100);
  other[50] = 9;
  const PrefixMiss differs = miss(4, other);
  EXPECT_EQ(differs.rule, PrefixRule::Differs);
  EXPECT_EQ(differs.position, 50U);
  EXPECT_EQ(differs.before, 8U);
  EXPECT_EQ(differs.here[8], 9U);
  EXPECT_EQ(differs.earlier[8], 50U);
  EXPECT_EQ(miss(5, token_row(0, 100), {.salt = "adapter"}).rule, PrefixRule::Salt);
  other[40] = 11;
  EXPECT_TRUE(miss(6, other, from("somebody else")).earlier.empty());
  for (std::uint64_t id = 10; id < 30; ++id)
    miss(id, token_row(static_cast<std::uint32_t>(id) * 1000, 130));
  EXPECT_EQ(miss(40, token_row(0, 100)).rule, PrefixRule::Evicted);
}

}  // namespace
}  // namespace hearth::engine
