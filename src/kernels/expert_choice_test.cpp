// What the rules leave open; the rules themselves are proven in nn/router_test.cpp.
#include "kernels/expert_choice.h"

#include <cmath>
#include <gtest/gtest.h>
#include <mlx/ops.h>
#include <stdexcept>
#include <vector>

namespace hearth::kernels {
namespace {

namespace mx = mlx::core;

TEST(ExpertChoice, OfEqualsTheFirstIsTakenAndTheBestComeFirst) {
  const mx::array logits({1.0F, 3.0F, 3.0F, 2.0F, 3.0F}, {1, 5});
  auto choice = choose_experts(logits, {}, {.active = 4});
  const auto* experts = choice.experts.data<std::uint32_t>();
  EXPECT_EQ(std::vector<std::uint32_t>(experts, experts + 4),
            (std::vector<std::uint32_t>{1, 2, 4, 3}));
}

TEST(ExpertChoice, WeighsAsWrittenOut) {
  const mx::array logits({0.0F, std::log(3.0F)}, {1, 2});
  auto choice = choose_experts(logits, {}, {.active = 2, .scale = 2.0F});
  EXPECT_FLOAT_EQ(choice.weights.data<float>()[0], 1.5F);
  EXPECT_FLOAT_EQ(choice.weights.data<float>()[1], 0.5F);
}

TEST(ExpertChoice, NonsenseStaysWithinTheExperts) {
  const mx::array logits({NAN, NAN, NAN, NAN}, {1, 4});
  auto choice = choose_experts(logits, {}, {.active = 2, .groups = 2, .open_groups = 1});
  for (int a = 0; a < 2; ++a) EXPECT_LT(choice.experts.data<std::uint32_t>()[a], 4U);
}

TEST(ExpertChoice, RefusesWhatDoesNotFit) {
  EXPECT_THROW(choose_experts(mx::zeros({1, 4}), {}, {.active = 5}), std::invalid_argument);
  EXPECT_THROW(choose_experts(mx::zeros({1, 4}), {}, {.groups = 3}), std::invalid_argument);
  EXPECT_THROW(choose_experts(mx::zeros({1, 4}), mx::zeros({3}), {}), std::invalid_argument);
}

}  // namespace
}  // namespace hearth::kernels
