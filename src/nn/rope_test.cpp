// The turning itself; which frequencies a variant has is proven by the families' goldens.
#include "nn/rope.h"

#include <cmath>
#include <gtest/gtest.h>

namespace hearth::nn {
namespace {

TEST(Rope, TurnsEachPairByPositionTimesFrequency) {
  const Rope rope({.theta = 100.0}, 4);  // frequencies 1 and 0.1
  const mx::array x({1.0F, 0.0F, 0.0F, 2.0F, 1.0F, 0.0F, 0.0F, 2.0F}, {2, 1, 4});
  mx::array turned = mx::contiguous(rope.at(mx::array({0, 3}, mx::int32))(x));
  mx::eval(turned);
  const float* y = turned.data<float>();
  for (int i = 0; i < 4; ++i) EXPECT_EQ(y[i], x.data<float>()[i]) << "position 0 turns nothing";
  EXPECT_NEAR(y[4], std::cos(3.0), 1e-6);  // pair (1, 0) by 3 radians
  EXPECT_NEAR(y[6], std::sin(3.0), 1e-6);
  EXPECT_NEAR(y[5], -2.0 * std::sin(0.3), 1e-6);  // pair (0, 2) by 0.3 radians
  EXPECT_NEAR(y[7], 2.0 * std::cos(0.3), 1e-6);
}

TEST(Rope, LinearScalingDividesEveryFrequency) {
  const auto plain = rope_frequencies({.theta = 10000.0}, 8);
  const auto slowed =
      rope_frequencies({.kind = RopeSpec::Kind::Linear, .theta = 10000.0, .factor = 4.0}, 8);
  for (std::size_t i = 0; i < plain.size(); ++i) EXPECT_FLOAT_EQ(slowed[i], plain[i] / 4.0F);
}

TEST(Rope, YarnKeepsTheFastestPairAndSlowsTheSlowest) {
  const RopeSpec yarn{
      .kind = RopeSpec::Kind::Yarn, .theta = 10000.0, .factor = 4.0, .original_context = 4096.0};
  const auto plain = rope_frequencies({.theta = 10000.0}, 128);
  const auto bent = rope_frequencies(yarn, 128);
  EXPECT_FLOAT_EQ(bent.front(), plain.front());
  EXPECT_FLOAT_EQ(bent.back(), plain.back() / 4.0F);
  EXPECT_NEAR(rope_magnitude(yarn), 0.1 * std::log(4.0) + 1.0, 1e-6);
}

}  // namespace
}  // namespace hearth::nn
