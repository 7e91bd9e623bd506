// The scheduler's rules one by one: budget, order, admission, preemption, fairness, removal.
#include "engine/scheduler.h"

#include <gtest/gtest.h>
#include <map>
#include <vector>

#include "engine/testing/scheduler_world.h"

namespace hearth::engine {
namespace {

using testing::from;
using testing::Slices;
using testing::Tokens;
using testing::with;
using testing::World;

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

TEST(Scheduler, AShortPromptOvertakesALongOneWhichStillAdvances) {
  World world({.sequences = 8, .tokens_per_step = 40}, /*pages=*/64);
  ASSERT_TRUE(world.submit(1, /*prompt=*/1000));
  EXPECT_EQ(world.step(), (Slices{{1, 40}}));
  ASSERT_TRUE(world.submit(2, /*prompt=*/60));
  ASSERT_TRUE(world.submit(3, /*prompt=*/20));
  EXPECT_EQ(world.step(), (Slices{{1, 10}, {2, 10}, {3, 20}}));
  EXPECT_EQ(world.step(), (Slices{{1, 9}, {2, 30}, {3, 1}}));
  EXPECT_EQ(world.step(), (Slices{{1, 19}, {2, 20}, {3, 1}}));
}

TEST(Scheduler, AnswersAloneNeverKeepAPromptFromAdvancing) {
  World world({.sequences = 20, .tokens_per_step = 16}, /*pages=*/128);
  for (std::uint64_t id = 1; id <= 16; ++id) ASSERT_TRUE(world.submit(id, /*prompt=*/1));
  world.run();
  ASSERT_TRUE(world.submit(17, /*prompt=*/100));
  world.run();
  const Slices slices = world.step();
  EXPECT_EQ(slices.size(), 15U);  // two of sixteen answers wait a step
  EXPECT_EQ(slices.at(17), 2U);
  std::map<std::uint64_t, int> served;
  for (int i = 0; i < 8; ++i)
    for (const auto& [id, tokens] : world.step()) ++served[id];
  for (std::uint64_t id = 1; id <= 16; ++id) EXPECT_EQ(served[id], 7) << id;  // turn by turn
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

TEST(Scheduler, AFullQueueRefuses) {
  World world({.sequences = 1, .waiting = 2}, /*pages=*/8);
  ASSERT_TRUE(world.submit(1, 5));
  world.run();
  ASSERT_TRUE(world.submit(2, 5));
  ASSERT_TRUE(world.submit(3, 5));
  const auto refused = world.submit(4, 5);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::RateLimited);
  EXPECT_EQ(refused.error().message,
            "the queue is full: 1 requests run and 2 wait; send the request again later");
}

TEST(Scheduler, WhoComesBeforeTheFirstStepTakesAFreePlaceNotTheQueues) {
  World world({.sequences = 1, .waiting = 1}, /*pages=*/8);
  EXPECT_TRUE(world.submit(1, 5));
  EXPECT_TRUE(world.submit(2, 5));
  EXPECT_FALSE(world.submit(3, 5));
}

TEST(Scheduler, TheLastTokenNeedsNoPage) {
  World world({}, /*pages=*/1);
  ASSERT_TRUE(world.submit(1, /*prompt=*/32, /*max_new=*/1));
  EXPECT_EQ(world.run(), (Tokens{32}));
  EXPECT_TRUE(world.scheduler().idle());
  EXPECT_EQ(world.cache().used(), 0U);
}

TEST(Scheduler, PagesForThePromptAndTheNextPartOfItsAnswerAreReserved) {
  World world({.foresight = 64}, /*pages=*/8);
  ASSERT_TRUE(world.submit(1, /*prompt=*/64, /*max_new=*/190));
  ASSERT_TRUE(world.submit(2, /*prompt=*/96, /*max_new=*/30));
  EXPECT_EQ(world.step(), (Slices{{1, 64}, {2, 96}}));  // four pages each
  World scarce({.foresight = 64}, /*pages=*/7);
  ASSERT_TRUE(scarce.submit(1, /*prompt=*/64, /*max_new=*/130));
  ASSERT_TRUE(scarce.submit(2, /*prompt=*/96, /*max_new=*/30));
  EXPECT_EQ(scarce.step(), (Slices{{1, 64}}));
  for (int i = 0; i < 129; ++i) EXPECT_EQ(scarce.step(), (Slices{{1, 1}})) << i;
  EXPECT_EQ(scarce.step(), (Slices{{2, 96}}));
}

TEST(Scheduler, SmallOnesMayPassOneThatWaitsForPagesButNotForEver) {
  World world({.sequences = 8, .tokens_per_step = 512}, /*pages=*/4);
  ASSERT_TRUE(world.submit(1, /*prompt=*/33, /*max_new=*/60));
  EXPECT_EQ(world.step(), (Slices{{1, 33}}));
  ASSERT_TRUE(world.submit(2, /*prompt=*/96, /*max_new=*/2));
  std::uint64_t passed = 0;
  for (std::uint64_t id = 3; id < 40; ++id) {
    world.wait(0.1);
    ASSERT_TRUE(world.submit(id, /*prompt=*/1, /*max_new=*/1));
    passed += world.step().count(id);
  }
  EXPECT_EQ(passed, 16U);
  int steps = 0;
  while (!world.step().contains(2)) ASSERT_LT(++steps, 60);
}

TEST(Scheduler, WhenPagesRunOutTheNewestIsComputedAnewLater) {
  World world({.sequences = 4, .tokens_per_step = 512, .foresight = 1}, /*pages=*/4);
  ASSERT_TRUE(world.submit(1, /*prompt=*/31, /*max_new=*/41));
  ASSERT_TRUE(world.submit(2, /*prompt=*/31, /*max_new=*/41));
  ASSERT_EQ(world.run(), (Tokens{31, 31}));
  for (int i = 0; i < 33; ++i) ASSERT_EQ(world.run(), (Tokens{1, 1})) << i;
  EXPECT_EQ(world.run(), (Tokens{1}));  // both need a third page, and there are four
  EXPECT_EQ(world.preempted(), (std::vector{SequenceId{2}}));
  EXPECT_EQ(world.cache().used(), 3U);
  for (int i = 0; i < 6; ++i) ASSERT_EQ(world.run(), (Tokens{1}));
  // 1 is done; what 2 had computed is still there, but for the page that 1 took.
  EXPECT_EQ(world.run(), (Tokens{33}));
}

TEST(Scheduler, HigherPrioritiesGoFirstAndWaitingMakesUpForIt) {
  World world({.sequences = 1}, /*pages=*/64);
  ASSERT_TRUE(world.submit(1, 5, /*max_new=*/2, with(Priority::High)));
  world.run();
  ASSERT_TRUE(world.submit(2, 5, /*max_new=*/1, with(Priority::Low)));
  world.wait(9);
  ASSERT_TRUE(world.submit(3, 5, /*max_new=*/1, with(Priority::Normal)));
  ASSERT_TRUE(world.submit(4, 5, /*max_new=*/1, with(Priority::Normal)));
  world.run();  // 1 ends
  EXPECT_EQ(world.step(),
            (Slices{{3, 5}}));  // ahead of one that waits for 9 s, in order of arrival
  world.wait(2);
  ASSERT_TRUE(world.submit(5, 5, /*max_new=*/1, with(Priority::Normal)));
  EXPECT_EQ(world.step(), (Slices{{4, 5}}));
  EXPECT_EQ(world.step(), (Slices{{2, 5}}));  // 11 s: ahead of a normal one that has just come
  EXPECT_EQ(world.step(), (Slices{{5, 5}}));
}

TEST(Scheduler, ALowOneIsLevelWithHighOnesAfterTwentySeconds) {
  for (const double waited : {19.9, 20.1}) {
    World world({.sequences = 1}, /*pages=*/64);
    ASSERT_TRUE(world.submit(1, 5, /*max_new=*/2, with(Priority::High)));
    world.run();
    ASSERT_TRUE(world.submit(2, 5, /*max_new=*/1, with(Priority::Low)));
    world.wait(waited);
    ASSERT_TRUE(world.submit(3, 5, /*max_new=*/1, with(Priority::High)));
    world.run();
    EXPECT_EQ(world.step().begin()->first, waited < 20 ? 3U : 2U);
  }
}

TEST(Scheduler, AHighOneTakesThePlaceOfALowOneThatGoesOnLater) {
  World world({.sequences = 1}, /*pages=*/64);
  ASSERT_TRUE(world.submit(1, 100, /*max_new=*/50, with(Priority::Low)));
  world.run();
  for (int i = 0; i < 10; ++i) world.run();
  ASSERT_TRUE(world.submit(2, 5, /*max_new=*/1, with(Priority::High)));
  EXPECT_EQ(world.step(), (Slices{{2, 5}}));
  EXPECT_EQ(world.preempted(), (std::vector{SequenceId{1}}));
  EXPECT_EQ(world.step(), (Slices{{1, 1}}));  // nothing of it was lost
  ASSERT_TRUE(world.submit(3, 5, /*max_new=*/1, with(Priority::Low)));
  EXPECT_EQ(world.step(), (Slices{{1, 1}}));  // equals wait
}

TEST(Scheduler, ACrowdOfOneClientDoesNotKeepAnotherWaiting) {
  World world({.sequences = 1}, /*pages=*/1000);
  for (std::uint64_t id = 1; id <= 20; ++id)
    ASSERT_TRUE(world.submit(id, 50, /*max_new=*/1, from("crowd")));
  world.wait(60);
  EXPECT_EQ(world.step(), (Slices{{1, 50}}));
  world.wait(1);
  ASSERT_TRUE(world.submit(30, 50, /*max_new=*/1, from("alone")));
  ASSERT_TRUE(world.submit(31, 50, /*max_new=*/1, from("alone")));
  EXPECT_EQ(world.step(), (Slices{{2, 50}}));
  world.wait(1);
  EXPECT_EQ(world.step(), (Slices{{30, 50}}));
  world.wait(1);
  EXPECT_EQ(world.step(), (Slices{{3, 50}}));
  world.wait(1);
  EXPECT_EQ(world.step(), (Slices{{31, 50}}));
}

TEST(Scheduler, ACrowdThatRunsMakesWayForAnotherClient) {
  World world({.sequences = 4}, /*pages=*/100);
  for (std::uint64_t id = 1; id <= 4; ++id)
    ASSERT_TRUE(world.submit(id, 5, /*max_new=*/50, from("crowd")));
  world.step();
  for (std::uint64_t id = 5; id <= 8; ++id)
    ASSERT_TRUE(world.submit(id, 5, /*max_new=*/50, from("other")));
  EXPECT_EQ(world.step(), (Slices{{1, 1}, {2, 1}, {3, 1}, {5, 5}}));
  EXPECT_EQ(world.step(), (Slices{{1, 1}, {2, 1}, {3, 1}, {5, 1}}));
}

TEST(Scheduler, WhoGotMoreThanOthersIsSetBack) {
  World world({.sequences = 2, .tokens_per_step = 9000}, /*pages=*/1000);
  ASSERT_TRUE(world.submit(1, 1, /*max_new=*/100, from("modest")));
  ASSERT_TRUE(world.submit(2, 9000 - 1, /*max_new=*/1, from("greedy")));
  ASSERT_TRUE(world.submit(3, 500, /*max_new=*/1, from("greedy")));
  world.step();
  world.wait(5);
  ASSERT_TRUE(world.submit(4, 500, /*max_new=*/1, from("modest")));
  EXPECT_TRUE(world.step().contains(4));
}

TEST(Scheduler, WhoRunsOutOfTimeIsGivenUp) {
  World world({.sequences = 1}, /*pages=*/8);
  ASSERT_TRUE(world.submit(1, 5, 100, {.expiry_s = 3}));
  ASSERT_TRUE(world.submit(2, 5, 100, {.expiry_s = 2}));
  EXPECT_EQ(world.step(), (Slices{{1, 5}}));
  world.wait(2.5);
  EXPECT_EQ(world.step(), (Slices{{1, 1}}));
  EXPECT_EQ(world.expired(), (std::vector{SequenceId{2}}));
  world.wait(1);
  EXPECT_TRUE(world.step().empty());
  EXPECT_EQ(world.expired(), (std::vector{SequenceId{1}}));
  EXPECT_TRUE(world.scheduler().idle());
  EXPECT_EQ(world.cache().used(), 0U);
}

TEST(Scheduler, PromptsWhoseLogitsAreWantedShareAStepsRows) {
  World world({.sequences = 4, .tokens_per_step = 100, .logit_rows = 10}, /*pages=*/16);
  for (std::uint64_t id = 1; id <= 2; ++id) {
    auto sequence = std::make_unique<Sequence>(
        SequenceId{id}, std::vector<TokenId>(16, static_cast<TokenId>(id)), 4);
    sequence->want_prompt_logits();
    ASSERT_TRUE(world.scheduler().submit(std::move(sequence), 0));
  }
  ASSERT_TRUE(world.submit(3, /*prompt=*/50));
  EXPECT_EQ(world.step(), (Slices{{1, 10}, {3, 50}}));  // 3 is not held up
  EXPECT_EQ(world.step(), (Slices{{1, 6}, {2, 4}, {3, 1}}));
  EXPECT_EQ(world.step(), (Slices{{1, 1}, {2, 10}, {3, 1}}));
  EXPECT_EQ(world.step(), (Slices{{1, 1}, {2, 2}, {3, 1}}));
}

TEST(Scheduler, RemovingFreesPagesAtOnce) {
  World world({.sequences = 1, .tokens_per_step = 512}, /*pages=*/8);
  ASSERT_TRUE(world.submit(1, /*prompt=*/100));
  world.run();
  ASSERT_TRUE(world.submit(2, /*prompt=*/10));
  EXPECT_EQ(world.cache().used(), 4U);
  EXPECT_TRUE(world.scheduler().remove(SequenceId{1}));
  EXPECT_EQ(world.cache().used(), 0U);
  EXPECT_FALSE(world.scheduler().remove(SequenceId{1}));
  EXPECT_TRUE(world.scheduler().remove(SequenceId{2}));  // one that only waits
  EXPECT_TRUE(world.scheduler().idle());
  EXPECT_TRUE(world.run().empty());
}

}  // namespace
}  // namespace hearth::engine
