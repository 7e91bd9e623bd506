// Biases, penalties and bans against mlx-lm's figures, and reported chances against numpy's.
#include "engine/logit_changes.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "engine/chances.h"
#include "engine/sampler.h"
#include "engine/testing/golden_rows.h"

namespace hearth::engine {
namespace {

TEST(LogitChanges, AreMlxLms) {
  for (const json::value& value : testing::golden("penalties.json")) {
    const json::object& test = value.as_object();
    std::vector<float> logits = testing::floats(test.at("logits"));
    change_logits(logits, testing::ids(test.at("tokens")), testing::changes(test), 0);
    const std::vector<float> expected = testing::floats(test.at("expected"));
    for (std::size_t i = 0; i < logits.size(); ++i)
      EXPECT_NEAR(logits[i], expected[i], 1e-5) << base::write_json(value);
  }
}

TEST(LogitChanges, EndTokensAreBannedUntilEnoughWasSaid) {
  SamplingParams params;
  params.min_tokens = 2;
  params.ends = {1};
  params.biases = {{1, 100.0F}};
  for (const std::uint64_t number : {0U, 1U}) {
    std::vector<float> logits = {1.0F, 9.0F};
    EXPECT_TRUE(changes_logits(params, number));
    change_logits(logits, {}, params, number);
    EXPECT_EQ(logits[1], -std::numeric_limits<float>::infinity());
  }
  std::vector<float> logits = {1.0F, 9.0F};
  change_logits(logits, {}, params, 2);
  EXPECT_EQ(logits[1], 109.0F);
}

TEST(LogitChanges, ARequestThatBansEverythingIsToldSo) {
  Sampler sampler;
  SamplingParams params;
  const float never = -std::numeric_limits<float>::infinity();
  params.biases = {{0, never}, {1, never}};
  const auto drawn = sampler.draw(std::vector<float>{1.0F, 2.0F}, params, {}, 0);
  EXPECT_EQ(drawn.error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(drawn.error().param, "logit_bias");
}

TEST(Chances, AreTheNormalisedLogitsAfterAllChanges) {
  Sampler sampler;
  for (const json::value& value : testing::golden("logprobs.json")) {
    const json::object& test = value.as_object();
    SamplingParams params = testing::changes(test);
    params.temperature = 0.3;  // what is reported does not heed these
    params.top_k = 2;
    const std::vector<float> logits = testing::floats(test.at("logits"));
    const TokenId drawn = *sampler.draw(logits, params, testing::ids(test.at("tokens")), 0);
    const RowChances chances = chances_of(sampler.row(), drawn, 20);
    const std::vector<float> expected = testing::floats(test.at("logprobs"));
    const std::vector<TokenId> best = testing::ids(test.at("top"));
    EXPECT_NEAR(chances.logprob, expected[drawn], 1e-4);
    ASSERT_EQ(chances.top.size(), 20U);
    for (std::size_t i = 0; i < 20; ++i) {
      EXPECT_EQ(chances.top[i].id, best[i]);
      EXPECT_NEAR(chances.top[i].logit, expected[best[i]], 1e-4);
    }
  }
}

TEST(Chances, OfTheImpossibleAreMinusInfinity) {
  const float never = -std::numeric_limits<float>::infinity();
  const RowChances chances = chances_of(std::vector<float>{never, 3.0F, never}, 0, 5);
  EXPECT_EQ(chances.logprob, never);
  ASSERT_EQ(chances.top.size(), 1U);  // nothing else may come
  EXPECT_NEAR(chances.top[0].logit, 0, 1e-6);
  EXPECT_TRUE(chances_of(std::vector<float>{1.0F}, 0, 0).top.empty());
}

}  // namespace
}  // namespace hearth::engine
