// How many pages a model gets, and what context it is served with.
#include "engine/local/memory_plan.h"

#include <gtest/gtest.h>

namespace hearth::engine {
namespace {

constexpr std::uint64_t kMiB = 1ULL << 20;

TEST(MemoryPlan, SmallModelsGetWhatAllSequencesNeed) {
  const auto plan = plan_memory(
      {.max_sequences = 4}, {.page_bytes = 1000, .model_context = 320, .available_bytes = kMiB});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->pages, 40U);  // four contexts of ten pages
  EXPECT_EQ(plan->context_length, 320U);
}

TEST(MemoryPlan, LargeOnesAQuarterOfWhatIsFree) {
  const auto plan =
      plan_memory({.max_sequences = 64},
                  {.page_bytes = kMiB, .model_context = 3200, .available_bytes = 800 * kMiB});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->pages, 200U);
  EXPECT_EQ(plan->context_length, 3200U);
}

TEST(MemoryPlan, AtLeastOneContextUpToThreeQuarters) {
  const auto plan =
      plan_memory({.max_sequences = 64},
                  {.page_bytes = kMiB, .model_context = 3200, .available_bytes = 160 * kMiB});
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->pages, 100U);
}

TEST(MemoryPlan, AContextThatDoesNotFitIsShortenedUnlessAskedFor) {
  const MemoryFacts facts = {
      .page_bytes = kMiB, .model_context = 32000, .available_bytes = 160 * kMiB};
  const auto plan = plan_memory({}, facts);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->pages, 120U);
  EXPECT_EQ(plan->context_length, 120U * 32U);
  const auto refused = plan_memory({.context_length = 32000}, facts);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::OutOfMemory);
  EXPECT_EQ(
      refused.error().message,
      "a context of 32000 tokens needs 0.98 GiB for keys and values, but 0.12 GiB can be had; "
      "ask for a shorter context, or free memory");
}

TEST(MemoryPlan, AFixedAmountIsKeptTo) {
  const MemoryFacts facts = {
      .page_bytes = kMiB, .model_context = 320, .available_bytes = 8000 * kMiB};
  EXPECT_EQ(plan_memory({.kv_bytes = 25 * kMiB}, facts)->pages, 25U);
  EXPECT_EQ(plan_memory({.kv_bytes = 5 * kMiB}, facts)->context_length, 160U);
  EXPECT_FALSE(plan_memory({.kv_bytes = 1000}, facts));
}

TEST(MemoryPlan, MoreThanTheModelsContextIsNotServed) {
  const auto plan =
      plan_memory({.context_length = 100000, .max_sequences = 1},
                  {.page_bytes = 1000, .model_context = 320, .available_bytes = kMiB});
  EXPECT_EQ(plan->context_length, 320U);
}

// 100 pages of context; window and step reach over 3 pages: 40 + 16 - 1 tokens in a row.
MemoryPlan windowed(std::uint64_t kv_bytes, std::uint64_t window_bytes = 3000,
                    std::uint32_t context = 3200) {
  const auto plan = plan_memory(
      {.max_sequences = 4, .tokens_per_step = 16, .kv_bytes = kv_bytes},
      {.page_bytes = 4000, .window_bytes = window_bytes, .window = 40, .model_context = context});
  EXPECT_TRUE(plan);
  return *plan;
}

TEST(MemoryPlan, LayersWithAWindowGetWhatAllSequencesHoldAndSomeMore) {
  const MemoryPlan plan = windowed(4000 * 400);
  EXPECT_EQ(plan.pages, 400U);
  EXPECT_EQ(plan.windows.pages, (4U + 16U) * 3U);
  EXPECT_EQ(plan.windows.tokens, 40U);
  EXPECT_LT(plan.pages * 1000 + plan.windows.pages * 3000, 4000U * 400U);
}

TEST(MemoryPlan, OneContextComesBeforeMoreWindows) {
  // Ten windows' room beside a context: one page table for all layers would hold 32 pages.
  const MemoryPlan plan = windowed(100 * 1000 + 10 * 3000);
  EXPECT_EQ(plan.pages, 100U);
  EXPECT_EQ(plan.windows.pages, 10U);
  EXPECT_EQ(plan.context_length, 3200U);
  const MemoryPlan less = windowed(50 * 1000 + 3 * 3000);
  EXPECT_EQ(less.windows.pages, 3U);
  EXPECT_EQ(less.context_length, 50U * 32U);
  const MemoryPlan least = windowed(2 * 4000);
  EXPECT_EQ(least.pages, 2U);
  EXPECT_EQ(least.windows.pages, 2U);
}

TEST(MemoryPlan, WhereAllLayersHaveAWindowPagesAreNumbers) {
  const MemoryPlan plan = windowed(60 * 4000 + 1000, /*window_bytes=*/4000);
  EXPECT_EQ(plan.pages, 400U);
  EXPECT_EQ(plan.windows.pages, 60U);
}

TEST(MemoryPlan, AWindowAsLongAsTheContextSharesThePages) {
  const MemoryPlan plan = windowed(4000 * 12, 3000, /*context=*/96);
  EXPECT_EQ(plan.windows.pages, 0U);
  EXPECT_EQ(plan.pages, 12U);
}

TEST(MemoryPlan, RecurrentStatesGetAnEighthAtMostAndTwoAtLeast) {
  const auto states = [](std::uint64_t state_bytes, std::uint32_t sequences) {
    return plan_memory({.max_sequences = sequences}, {.page_bytes = 1000,
                                                      .state_bytes = state_bytes,
                                                      .model_context = 320,
                                                      .available_bytes = 80 * kMiB})
        ->states;
  };
  EXPECT_EQ(states(0, 8), 0U);
  EXPECT_EQ(states(1000, 8), 8U + 8U + 64U);
  EXPECT_EQ(states(kMiB, 8), 10U);
  EXPECT_EQ(states(40 * kMiB, 8), 2U);
}

}  // namespace
}  // namespace hearth::engine
