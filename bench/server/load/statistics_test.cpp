// The figures of a run, by hand.
#include "load/statistics.h"

#include <gtest/gtest.h>

#include "load/prompts.h"

namespace hearth::load {
namespace {

/// Sent at 1 s; tokens at 1.5 s, 1.6 s (two of them) and 2.0 s.
Record example() {
  return {.sent = 1,
          .ended = 2,
          .arrivals = {{1.5, 1}, {1.6, 2}, {2.0, 1}},
          .prompt_tokens = 10,
          .cached_tokens = 2,
          .completion_tokens = 4};
}

TEST(Statistics, PercentilesLieBetweenNeighbours) {
  EXPECT_DOUBLE_EQ(percentile({1, 2, 3, 4, 5}, 50), 3);
  EXPECT_DOUBLE_EQ(percentile({1, 2}, 75), 1.75);
  EXPECT_DOUBLE_EQ(percentile({7}, 99), 7);
  EXPECT_DOUBLE_EQ(percentile({}, 50), 0);
}

TEST(Statistics, AnEventOfTwoTokensGivesTwoGaps) {
  const auto gaps = token_gaps(example());
  ASSERT_EQ(gaps.size(), 3U);
  EXPECT_NEAR(gaps[0], 0.05, 1e-9);
  EXPECT_NEAR(gaps[1], 0.05, 1e-9);
  EXPECT_NEAR(gaps[2], 0.4, 1e-9);
  EXPECT_NEAR(longest_gap(example()), 0.4, 1e-9);
}

TEST(Statistics, NamesAndValues) {
  Record failed;
  failed.error = "lost";
  const json::object out = summarise({example(), failed}, 2.0);
  EXPECT_EQ(out.at("completed"), 1);
  EXPECT_EQ(out.at("failed"), 1);
  EXPECT_EQ(out.at("first_error"), "lost");
  EXPECT_NEAR(out.at("output_throughput").as_double(), 2.0, 1e-9);
  EXPECT_NEAR(out.at("total_token_throughput").as_double(), 7.0, 1e-9);
  EXPECT_NEAR(out.at("mean_ttft_ms").as_double(), 500, 1e-6);
  EXPECT_NEAR(out.at("mean_tpot_ms").as_double(), 500.0 / 3, 1e-6);
  EXPECT_NEAR(out.at("max_itl_ms").as_double(), 400, 1e-6);
  EXPECT_NEAR(out.at("median_e2el_ms").as_double(), 1000, 1e-6);
}

TEST(Statistics, GoodIsWhatKeepsBothLimits) {
  const auto good = [](Goodput goodput) {
    return summarise({example()}, 1.0, goodput).at("request_goodput").as_double();
  };
  EXPECT_EQ(good({.ttft_ms = 501, .tpot_ms = 167}), 1);
  EXPECT_EQ(good({.ttft_ms = 499, .tpot_ms = 167}), 0);
  EXPECT_EQ(good({.ttft_ms = 501, .tpot_ms = 166}), 0);
}

TEST(Prompts, EqualSeedsGiveEqualPrompts) {
  const Prompt prompt = Prompts(3, 300, 400).draw(50);
  EXPECT_EQ(prompt, Prompts(3, 300, 400).draw(50));
  EXPECT_NE(prompt, Prompts(4, 300, 400).draw(50));
  for (const auto id : prompt) EXPECT_TRUE(id >= 300 && id < 400);
}

TEST(Prompts, TheTextOfGeneratedWeightsSaysItsIds) {
  EXPECT_EQ(ids_of("t00101t0ffff"), (Prompt{0x101, 0xffff}));
  EXPECT_EQ(ids_of("?t00101t00"), (Prompt{0x101}));
}

TEST(Prompts, TheBodyForcesTheLength) {
  EXPECT_EQ(request_body("m", {.prompt = {1, 2}, .output = 8, .stream = false}),
            R"({"model":"m","prompt":[1,2],"max_tokens":8,"temperature":0,"ignore_eos":true})");
}

}  // namespace
}  // namespace hearth::load
