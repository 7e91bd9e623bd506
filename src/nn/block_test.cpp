// Where norms stand and what is added to what, with halves that only multiply.
#include "nn/block.h"

#include <cmath>
#include <gtest/gtest.h>
#include <memory>

namespace hearth::nn {
namespace {

struct Times final : Mixer {
  explicit Times(float by) : factor(by) {}
  CacheShape cache() const override { return {}; }
  mx::array operator()(const mx::array& x, const StepContext&, const LayerCache&) const override {
    return mx::multiply(x, mx::array(factor));
  }
  float factor;
};

struct Plus final : FeedForward {
  explicit Plus(float added) : term(added) {}
  mx::array operator()(const mx::array& x) const override { return mx::add(x, mx::array(term)); }
  float term;
};

/// Of a single channel: its sign.
Norm sign() {
  return {{.epsilon = 0.0F, .weight = false}, {}, {}};
}

/// mixer: 3 x, feed forward: x + 5.
Block halves() {
  Block block;
  block.mixer = std::make_unique<Times>(3.0F);
  block.feed_forward = std::make_unique<Plus>(5.0F);
  return block;
}

float through(const Block& block, float x) {
  const auto batch = make_step(std::vector<std::int32_t>{0}, {{.rows = 1, .pages = {0}}}, {});
  const StepContext step(*batch);
  mx::array y = block(mx::array({x}, {1, 1}), step, {});
  mx::eval(y);
  return y.item<float>();
}

TEST(Block, WithoutNormsTheHalvesAddUp) {
  EXPECT_EQ(through(halves(), 2.0F), 8.0F + 13.0F);  // 2 + 6, then 8 + (8 + 5)
}

TEST(Block, PreNormsSeeTheStream) {
  Block block = halves();
  block.mixer_in = sign();
  block.feed_in = sign();
  EXPECT_NEAR(through(block, 2.0F), 5.0F + 6.0F, 1e-6);  // 2 + 3, then 5 + (1 + 5)
}

TEST(Block, PostNormsSeeTheAnswers) {
  Block block = halves();
  block.mixer_out = sign();
  block.feed_out = sign();
  EXPECT_NEAR(through(block, 2.0F), 4.0F, 1e-6);  // 2 + 1, then 3 + 1
}

TEST(Block, ParallelHalvesReadTheSameStream) {
  Block block = halves();
  block.parallel = true;
  EXPECT_EQ(through(block, 2.0F), 2.0F + 6.0F + 7.0F);
  block.mixer_in = sign();
  EXPECT_NEAR(through(block, 2.0F), 2.0F + 3.0F + 6.0F, 1e-6) << "one norm for both";
  block.feed_in = Norm({.epsilon = 0.0F}, mx::array({10.0F}), {});
  EXPECT_NEAR(through(block, 2.0F), 2.0F + 3.0F + 15.0F, 1e-5) << "a norm for each";
}

TEST(Block, ScalesAnswersAndSkipsMissingHalves) {
  Block block = halves();
  block.residual_scale = 0.5F;
  EXPECT_EQ(through(block, 2.0F), 5.0F + 5.0F);  // 2 + 3, then 5 + 5
  block.mixer = nullptr;
  EXPECT_EQ(through(block, 2.0F), 2.0F + 3.5F);
  block.feed_forward = nullptr;
  EXPECT_EQ(through(block, 2.0F), 2.0F);
}

}  // namespace
}  // namespace hearth::nn
