// Layers with a window: bounded memory, hits where the window's pages are, misses where they went.
#include <algorithm>
#include <gtest/gtest.h>
#include <vector>

#include "engine/scheduler.h"
#include "engine/testing/made_up_prompts.h"
#include "engine/testing/scheduler_world.h"

namespace hearth::engine {
namespace {

using testing::Slices;
using testing::token_row;
using testing::World;

constexpr std::uint32_t kStep = 64;
constexpr WindowOptions kWindow{.pages = 100, .tokens = 50};

World make_world(WindowOptions windows = kWindow, std::uint32_t foresight = 256) {
  return {{.sequences = 8, .tokens_per_step = kStep, .foresight = foresight},
          {.pages = 500, .windows = windows}};
}

/// Runs until nothing is left. @returns the most window pages that were held at once.
std::uint32_t finish(World& world) {
  std::uint32_t most = 0;
  while (!world.scheduler().idle()) {
    world.step();
    most = std::max(most, world.cache().windows().used());
  }
  return most;
}

TEST(SchedulerWindows, ALongSequenceHoldsNoMoreThanItsWindowAndAStep) {
  World here = make_world();
  ASSERT_TRUE(here.submit(1, token_row(0, 3000), /*max_new=*/300));
  // Tokens 50 + 64 - 1 in a row lie in five pages at most.
  EXPECT_LE(finish(here), 5U);
  EXPECT_EQ(here.scheduler().counts().preemptions, 0U);
  EXPECT_EQ(here.cache().windows().used(), 0U);
}

TEST(SchedulerWindows, AsManyRunAsFindRoomForTheirWindows) {
  World here = make_world({.pages = 15, .tokens = 50});
  for (std::uint64_t id = 1; id <= 4; ++id) ASSERT_TRUE(here.submit(id, 1000, 300));
  here.step();
  EXPECT_EQ(here.scheduler().running(), 3U);  // five pages each
  EXPECT_LE(finish(here), 15U);
  EXPECT_EQ(here.scheduler().counts().preemptions, 0U);
}

TEST(SchedulerWindows, AnAnswerBeyondItsReservationTakesTurnsWithOthers) {
  World here = make_world({.pages = 6, .tokens = 50}, /*foresight=*/1);
  for (std::uint64_t id = 1; id <= 4; ++id) ASSERT_TRUE(here.submit(id, 20, 200));
  EXPECT_LE(finish(here), 6U);
  EXPECT_GT(here.scheduler().counts().preemptions, 0U);
}

TEST(SchedulerWindows, ANextTurnFindsThePagesBeforeIt) {
  World here = make_world();
  ASSERT_TRUE(here.submit(1, token_row(0, 1000), /*max_new=*/10));
  finish(here);
  std::vector<TokenId> next = token_row(0, 1000);
  next.resize(1009, 7);
  next.resize(1030, 5000);
  ASSERT_TRUE(here.submit(2, next, 10));
  EXPECT_EQ(here.step(), (Slices{{2, 21}}));
  EXPECT_EQ(here.scheduler().counts().hit_tokens, 1009U);
}

TEST(SchedulerWindows, WithRoomEnoughABeginningIsFoundWhereverItIsLeft) {
  World here = make_world();
  ASSERT_TRUE(here.submit(1, token_row(0, 1000), /*max_new=*/10));
  finish(here);
  std::vector<TokenId> other = token_row(0, 500);
  other.resize(520, 5000);
  ASSERT_TRUE(here.submit(2, other, 10));
  EXPECT_EQ(here.step(), (Slices{{2, 20}}));
}

// What was passed makes room first: the beginning is lost, until a second prompt shows where
// others leave it. From then on that place lasts.
TEST(SchedulerWindows, WherePromptsPartedIsKept) {
  World here = make_world({.pages = 12, .tokens = 50});
  const auto ask = [&](std::uint64_t id) {
    std::vector<TokenId> prompt = token_row(0, 640);
    prompt.resize(1200, static_cast<TokenId>(5000 + id));
    EXPECT_TRUE(here.submit(id, prompt, 2));
    const std::uint64_t before = here.scheduler().counts().hit_tokens;
    finish(here);
    return here.scheduler().counts().hit_tokens - before;
  };
  EXPECT_EQ(ask(1), 0U);
  EXPECT_LT(ask(2), 640U);
  EXPECT_EQ(ask(3), 640U);
  EXPECT_EQ(ask(4), 640U);
}

TEST(SchedulerWindows, WithoutItsWindowPagesAPromptIsAsGoodAsEvicted) {
  World here = make_world({.pages = 5, .tokens = 50});
  ASSERT_TRUE(here.submit(1, token_row(0, 300), /*max_new=*/2));
  finish(here);
  ASSERT_TRUE(here.submit(2, token_row(9000, 300), /*max_new=*/2));
  finish(here);
  ASSERT_TRUE(here.submit(3, token_row(0, 300), /*max_new=*/2));
  const std::uint64_t before = here.scheduler().counts().hit_tokens;
  here.step();
  EXPECT_EQ(here.scheduler().counts().hit_tokens, before);
  EXPECT_EQ(here.misses().back(), PrefixRule::Evicted);
  EXPECT_GE(here.cache().tree().pages(), 18U);  // the other layers' whole pages are all there
}

TEST(SchedulerWindows, EqualPromptsThatComeTogetherAreComputedOnce) {
  World here = make_world();
  for (std::uint64_t id = 1; id <= 4; ++id) ASSERT_TRUE(here.submit(id, token_row(0, 300), 10));
  while (here.scheduler().counts().lookup_tokens < 1200) here.step();
  EXPECT_EQ(here.scheduler().counts().hit_tokens, 3U * 299U);
  EXPECT_EQ(here.copies(), 6U);  // the page that is not whole, of both kinds of layers
}

TEST(SchedulerWindows, AnAloneRequestOfAllPagesDoesWithoutACopy) {
  World here({.sequences = 8, .tokens_per_step = kStep}, {.pages = 4});
  ASSERT_TRUE(here.submit(1, token_row(0, 20), /*max_new=*/2));
  finish(here);
  std::vector<TokenId> longer = token_row(0, 20);
  longer.resize(100, 5000);
  ASSERT_TRUE(here.submit(2, longer, /*max_new=*/29));  // four pages, and one that is copied
  finish(here);
  EXPECT_TRUE(here.scheduler().idle());
}

}  // namespace
}  // namespace hearth::engine
