// Random and recorded-shape workloads through the scheduler, with its promises checked at every
// step.
#include "engine/testing/simulator.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <vector>

#include "engine/scheduler.h"

namespace hearth::engine {
namespace {

using testing::Outcome;
using testing::Simulator;
using testing::Workload;

TEST(Simulator, AmpleMemory) {
  const Workload workload{.requests = 3000, .pages = 2000, .limits = {64, 256}, .cancelled = 0.1};
  const Outcome outcome = Simulator(workload, 1).run();
  EXPECT_EQ(outcome.preemptions, 0U);
  EXPECT_EQ(outcome.refused, 0U);
}

TEST(Simulator, ScarceMemoryPreemptsAndStillFinishesEverything) {
  const Workload workload{.requests = 3000,
                          .pages = 20,
                          .limits = {.sequences = 16, .tokens_per_step = 64, .foresight = 1},
                          .cancelled = 0.01};
  const Outcome outcome = Simulator(workload, 2).run();
  EXPECT_GT(outcome.preemptions, 20U);
  EXPECT_GT(outcome.finished, 2500U);
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

TEST(Simulator, SharedBeginningsAreComputedOnce) {
  Workload workload{.requests = 3000, .pages = 3000, .limits = {32, 256}, .cancelled = 0.02};
  const Outcome cold = Simulator(workload, 5).run();
  workload.conversations = 0.9;
  const Outcome warm = Simulator(workload, 5).run();
  EXPECT_LT(cold.hit_tokens, cold.computed_tokens / 10);
  EXPECT_GT(warm.hit_tokens, warm.computed_tokens);
}

TEST(Simulator, RecurrentStatesAreRightWhereverAPrefixHits) {
  const Workload workload{.requests = 2000,
                          .pages = 300,
                          .states = 40,
                          .limits = {16, 128},
                          .cancelled = 0.05,
                          .conversations = 0.8};
  EXPECT_GT(Simulator(workload, 6).run().hit_tokens, 10000U);
}

TEST(Simulator, WindowsHoldWhatIsReadAndNoMore) {
  const Workload workload{.requests = 2000,
                          .pages = 600,
                          .windows = {.pages = 200, .tokens = 60},
                          .limits = {16, 64},
                          .cancelled = 0.05,
                          .conversations = 0.8};
  const Outcome outcome = Simulator(workload, 13).run();
  EXPECT_GT(outcome.hit_tokens, 10000U);
  EXPECT_LE(outcome.most_windows, WindowPages(workload.windows).most_held(64));
}

TEST(Simulator, WindowsThatAreScarcePreemptAndStillFinishEverything) {
  const Workload workload{.requests = 2000,
                          .pages = 1000,
                          .windows = {.pages = 13, .tokens = 100},
                          .limits = {.sequences = 16, .tokens_per_step = 64, .foresight = 1},
                          .cancelled = 0.01,
                          .conversations = 0.6};
  const Outcome outcome = Simulator(workload, 14).run();
  EXPECT_GT(outcome.preemptions, 20U);
  EXPECT_EQ(outcome.refused, 0U);
  EXPECT_GT(outcome.finished, 1500U);
}

TEST(Simulator, ManyWindows) {
  std::mt19937_64 random(15);
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const auto sequences = 1 + static_cast<std::uint32_t>(random() % 20);
    const auto tokens_per_step = 1 + static_cast<std::uint32_t>(random() % 300);
    WindowOptions windows{.tokens = 8 + static_cast<std::uint32_t>(random() % 250)};
    const std::uint32_t least = WindowPages(windows).most_held(tokens_per_step);
    windows.pages = least + (seed % 4 == 0 ? 0 : static_cast<std::uint32_t>(random() % 60));
    if (seed % 10 == 9) windows.pages = 1 + static_cast<std::uint32_t>(random() % least);
    const Workload workload{
        .requests = 300,
        .pages = 15 + static_cast<std::uint32_t>(random() % 60),
        .states = seed % 6 == 0 ? sequences + static_cast<std::uint32_t>(random() % 10) : 0,
        .windows = windows,
        .limits = {.sequences = sequences,
                   .tokens_per_step = tokens_per_step,
                   .waiting = seed % 2 == 0 ? 1000U : 20U,
                   .foresight = static_cast<std::uint32_t>(random() % 3) * 40},
        .cancelled = 0.1,
        .conversations = 0.7,
        .failing = seed % 7 == 0 ? 0.01 : 0,
        .share = seed % 5 != 0,
    };
    const Outcome outcome = Simulator(workload, seed).run();
    EXPECT_LE(outcome.most_windows, least);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

TEST(Simulator, EqualHashesNeverMixTexts) {
  const Workload workload{
      .requests = 500,
      .pages = 100,
      .limits = {16, 128},
      .conversations = 0.8,
      .hash = [](std::uint64_t, std::span<const TokenId>) { return std::uint64_t{7}; }};
  Simulator(workload, 7).run();
}

TEST(Simulator, FailingStepsCostNobodyButTheFaulty) {
  const Workload workload{.requests = 500,
                          .pages = 100,
                          .states = 0,
                          .limits = {16, 128},
                          .conversations = 0.5,
                          .failing = 0.02};
  const Outcome outcome = Simulator(workload, 8).run();
  EXPECT_GT(outcome.failures, 20U);
  EXPECT_EQ(outcome.finished, 500U);
}

TEST(Simulator, ManyLimits) {
  std::mt19937_64 random(9);
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto sequences = 1 + static_cast<std::uint32_t>(random() % 20);
    const Workload workload{
        .requests = 300,
        .pages = 15 + static_cast<std::uint32_t>(random() % 60),
        .states = seed % 3 == 0 ? sequences + static_cast<std::uint32_t>(random() % 10) : 0,
        .limits = {.sequences = sequences,
                   .tokens_per_step = 1 + static_cast<std::uint32_t>(random() % 300),
                   .waiting = seed % 2 == 0 ? 1000U : 20U,
                   .foresight = static_cast<std::uint32_t>(random() % 3) * 40},
        .cancelled = 0.1,
        .conversations = 0.5,
        .share = seed % 5 != 0,
    };
    Simulator(workload, seed).run();
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

TEST(Simulator, TheSameWorkloadIsPlannedTheSameWay) {
  const Workload workload{
      .requests = 1000, .pages = 25, .limits = {16, 64}, .cancelled = 0.05, .conversations = 0.5};
  EXPECT_EQ(Simulator(workload, 10).run(), Simulator(workload, 10).run());
  Workload windowed = workload;
  windowed.windows = {.pages = 20, .tokens = 100};
  EXPECT_EQ(Simulator(windowed, 10).run(), Simulator(windowed, 10).run());
}

TEST(Simulator, NobodyWaitsForEverWhileHigherPrioritiesKeepComing) {
  Workload workload{.requests = 4000, .pages = 200, .limits = {8, 128}, .conversations = 0.3};
  workload.priorities = true;
  workload.arrivals = 2;
  const Outcome outcome = Simulator(workload, 11).run();
  EXPECT_EQ(outcome.finished, 4000U);
  EXPECT_LT(outcome.waited_s[0], outcome.waited_s[1]);
  EXPECT_LT(outcome.waited_s[1], outcome.waited_s[2]);
}

// Conversations with a system prompt and growing histories, as chat clients and agents send them.
TEST(Simulator, AHundredThousandRequests) {
  const Workload workload{.requests = 100'000,
                          .pages = 3000,
                          .limits = {64, 512},
                          .cancelled = 0.02,
                          .conversations = 0.8,
                          .arrivals = 8,
                          .check_every = 64};
  const auto start = std::chrono::steady_clock::now();
  const Outcome outcome = Simulator(workload, 12).run();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  RecordProperty("seconds", std::to_string(took.count()));
  RecordProperty("steps", std::to_string(outcome.steps));
  std::printf("[ %.1f s: %llu steps, %llu tokens computed, %llu hit, %llu preemptions ]\n",
              took.count(), static_cast<unsigned long long>(outcome.steps),
              static_cast<unsigned long long>(outcome.computed_tokens),
              static_cast<unsigned long long>(outcome.hit_tokens),
              static_cast<unsigned long long>(outcome.preemptions));
  EXPECT_EQ(outcome.refused, 0U);
  EXPECT_GT(outcome.hit_tokens, outcome.computed_tokens / 2);
}

}  // namespace
}  // namespace hearth::engine
