// Budgets from times: pace, pieces of prompts, trials.
#include "engine/host/step_pacer.h"

#include <gtest/gtest.h>

namespace hearth::engine {
namespace {

/// On a device that takes 10 ms and one per token.
StepPacer paced(std::uint32_t interval_ms, std::uint32_t most = 4096) {
  StepPacer pacer({.limits = {.tokens_per_step = most}, .token_interval_ms = interval_ms});
  for (std::uint32_t tokens = 1; tokens <= 2048; tokens *= 2) pacer.observe(tokens, 0, 10 + tokens);
  return pacer;
}

TEST(StepPacer, AnswersKeepTheirPaceWhileAPromptIsRead) {
  EXPECT_EQ(paced(150).budget({.decoding = 4}), 140U);
  EXPECT_EQ(paced(50).budget({.decoding = 4}), 40U);
  EXPECT_EQ(paced(150, 100).budget({.decoding = 4}), 100U);
}

TEST(StepPacer, APieceOfAPromptIsReadHoweverSlowTheAnswersAre) {
  EXPECT_EQ(paced(20).budget({.decoding = 64}), 64U + 16U);
}

TEST(StepPacer, PromptsThatNobodyWaitsForAreReadInStepsOfASecond) {
  EXPECT_EQ(paced(150).budget({}), 990U);
  EXPECT_EQ(paced(150, 512).budget({}), 512U);
  StepPacer slow({.limits = {.tokens_per_step = 512}});
  slow.observe(1, 0, 500);
  EXPECT_EQ(slow.budget({}), 128U);
}

TEST(StepPacer, ItStartsCarefullyAndLearns) {
  StepPacer pacer({.limits = {.tokens_per_step = 2048}});
  EXPECT_EQ(pacer.budget({.decoding = 3}), 35U);
  EXPECT_EQ(pacer.budget({}), 2048U);
  pacer.observe(35, 0, 10);
  EXPECT_EQ(pacer.budget({.decoding = 3}), 525U);
}

TEST(StepPacer, TrialsGrowUntilTheyTakeTooLong) {
  StepPacer pacer({.limits = {.tokens_per_step = 4096}, .measure_steps = true});
  std::uint32_t last = 0;
  double sum = 0;
  while (const auto tokens = pacer.next_trial()) {
    last = *tokens;
    sum += 10 + *tokens;
    pacer.tried(*tokens, 10 + *tokens);
  }
  EXPECT_EQ(last, 128U);
  EXPECT_LT(sum, 1250);
  EXPECT_FALSE(StepPacer({.measure_steps = false}).next_trial());
}

}  // namespace
}  // namespace hearth::engine
