// The turning itself; which frequencies a variant has is proven by the families' goldens.
#include "nn/rope.h"

#include <cmath>
#include <gtest/gtest.h>

namespace hearth::nn {
namespace {

/// One sequence per position.
StepBatch step_at(const std::vector<int>& positions) {
  std::vector<Segment> segments;
  for (std::size_t i = 0; i < positions.size(); ++i)
    segments.push_back({.first_row = static_cast<int>(i),
                        .rows = 1,
                        .cached = positions[i],
                        .pages = {0, 0, 0, 0}});
  const std::vector<std::int32_t> ids(positions.size(), 0);
  return *make_step(ids, segments, {});
}

std::vector<float> turned_ones(const RopeSpec& spec, int head_dim, int position) {
  const Rope rope(spec, head_dim);
  mx::array y = mx::contiguous(rope.at(step_at({position}))(mx::ones({1, 1, head_dim})));
  mx::eval(y);
  return {y.data<float>(), y.data<float>() + head_dim};
}

TEST(Rope, TurnsEachPairByPositionTimesFrequency) {
  const Rope rope({.theta = 100.0}, 4);  // frequencies 1 and 0.1
  const mx::array x({1.0F, 0.0F, 0.0F, 2.0F, 1.0F, 0.0F, 0.0F, 2.0F}, {2, 1, 4});
  mx::array turned = mx::contiguous(rope.at(step_at({0, 3}))(x));
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

TEST(Rope, InterleavedPairsAreNeighboursAndPartialOnesLeaveTheRest) {
  const auto y = turned_ones({.theta = 100.0, .partial = 0.5, .interleaved = true}, 8, 3);
  EXPECT_NEAR(y[0], std::cos(3.0) - std::sin(3.0), 1e-6);  // frequency 1
  EXPECT_NEAR(y[1], std::cos(3.0) + std::sin(3.0), 1e-6);
  EXPECT_NEAR(y[2], std::cos(0.3) - std::sin(0.3), 1e-6);  // frequency 0.1
  EXPECT_NEAR(y[3], std::cos(0.3) + std::sin(0.3), 1e-6);
  for (std::size_t i = 4; i < 8; ++i) EXPECT_EQ(y[i], 1.0F);
}

TEST(Rope, LongRopeChoosesItsFactorsByTheLengthOfTheSequence) {
  const RopeSpec spec{.kind = RopeSpec::Kind::LongRope,
                      .theta = 100.0,
                      .factor = 4.0,
                      .original_context = 4.0,
                      .short_factors = {1.0, 2.0},
                      .long_factors = {4.0, 8.0}};
  const double magnitude = std::sqrt(2.0);  // 1 + ln 4 / ln 4
  const auto short_turn = turned_ones(spec, 4, 3);
  const auto long_turn = turned_ones(spec, 4, 4);
  EXPECT_NEAR(short_turn[0], magnitude * (std::cos(3.0) - std::sin(3.0)), 1e-6);
  EXPECT_NEAR(short_turn[1], magnitude * (std::cos(0.15) - std::sin(0.15)), 1e-6);
  EXPECT_NEAR(long_turn[0], magnitude * (std::cos(1.0) - std::sin(1.0)), 1e-6);
  EXPECT_NEAR(long_turn[1], magnitude * (std::cos(0.05) - std::sin(0.05)), 1e-6);
}

}  // namespace
}  // namespace hearth::nn
