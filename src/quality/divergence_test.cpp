// Divergence and perplexity of distributions that are worked out by hand.
#include "quality/divergence.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace hearth::quality {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

std::vector<float> logs(const std::vector<double>& chances, double shift = 0) {
  std::vector<float> row;
  row.reserve(chances.size());
  for (const double chance : chances)
    row.push_back(chance == 0 ? kNever : static_cast<float>(std::log(chance) + shift));
  return row;
}

TEST(Divergence, OfAHalfFromAQuarterIsWorkedOutByHand) {
  Divergence sum;
  // p = (1/2, 1/2), q = (1/4, 3/4): 1/2 log 2 + 1/2 log(2/3). A constant added to logits is
  // nothing.
  ASSERT_TRUE(sum.add(logs({0.5, 0.5}, 3.0), logs({0.25, 0.75}, -100.0), 1));
  const Distance found = sum.distance();
  EXPECT_EQ(found.tokens, 1);
  EXPECT_NEAR(found.kl_mean, (0.5 * std::log(2.0)) + (0.5 * std::log(2.0 / 3.0)), 1e-6);
  EXPECT_NEAR(found.reference_perplexity, 2.0, 1e-6);
  EXPECT_NEAR(found.perplexity, 4.0 / 3.0, 1e-5);
}

TEST(Divergence, AddsUpOverTokens) {
  Divergence sum;
  ASSERT_TRUE(sum.add(logs({0.7, 0.2, 0.1}), logs({0.7, 0.2, 0.1}), 0));
  ASSERT_TRUE(sum.add(logs({0.7, 0.2, 0.1}), logs({0.2, 0.7, 0.1}), 2));
  const Distance found = sum.distance();
  const double second = 0.5 * std::log(3.5);  // (0.7 - 0.2) log(0.7 / 0.2)
  EXPECT_NEAR(found.kl_mean, second / 2, 1e-6);
  EXPECT_NEAR(found.kl_max, second, 1e-6);
  EXPECT_NEAR(found.kl_p99, 0.99 * second, 1e-6);
  EXPECT_DOUBLE_EQ(found.agreement, 0.5);
  EXPECT_NEAR(found.perplexity, 1.0 / std::sqrt(0.7 * 0.1), 1e-5);
}

TEST(Divergence, WhatTheReferenceRulesOutDoesNotCount) {
  Divergence sum;
  ASSERT_TRUE(sum.add(logs({0.5, 0.5, 0.0}), logs({0.25, 0.25, 0.5}), 0));
  ASSERT_TRUE(sum.add(logs({0.5, 0.5, 0.0}), logs({0.5, 0.5, 0.0}), 0));
  EXPECT_NEAR(sum.distance().kl_max, std::log(2.0), 1e-6);
  EXPECT_NEAR(sum.distance().kl_mean, std::log(2.0) / 2, 1e-6);
}

TEST(Divergence, LogitsThatAreNoNumbersAreRefused) {
  Divergence sum;
  const std::vector<float> none{std::nanf(""), 0.0F};
  EXPECT_FALSE(sum.add(none, logs({0.5, 0.5}), 0));
  const auto refused = sum.add(logs({0.5, 0.5}), none, 0);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("second model"), std::string::npos);
  EXPECT_EQ(sum.distance().tokens, 0);
}

}  // namespace
}  // namespace hearth::quality
