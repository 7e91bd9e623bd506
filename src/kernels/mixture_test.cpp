// The whole layer against the same sums made of each token's own products, plain and packed.
#include "kernels/mixture.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <mlx/ops.h>
#include <mlx/random.h>
#include <mlx/transforms.h>
#include <stdexcept>
#include <vector>

#include "kernels/dense_product.h"
#include "kernels/elementwise.h"
#include "kernels/panel_product.h"

namespace hearth::kernels {
namespace {

namespace mx = mlx::core;

constexpr int kMixtureExperts = 4;
constexpr int kMixtureActive = 2;
constexpr int kMixtureWidth = 64;
constexpr int kMixtureInner = 96;

/// One of three matrices of all experts, and its product with one row.
struct TestLayer {
  mx::array numbers;  // [E, N, K]
  ExpertWeights weights;

  TestLayer(int outputs, int width, bool packed, unsigned seed)
      : numbers(mx::random::normal({kMixtureExperts, outputs, width}, mx::float32,
                                   mx::random::key(seed))) {
    numbers.eval();
    if (!packed) {
      weights.plain = numbers;
      return;
    }
    auto panels = std::make_shared<ExpertPanels>();
    for (int expert = 0; expert < kMixtureExperts; ++expert) {
      const auto parts = mx::quantize(mx::take(numbers, expert, 0), 32, 4);
      panels->push_back(panels_of({parts[0], parts[1], parts[2]}, 4, 32));
    }
    weights.panels = panels;
  }

  mx::array product(const mx::array& x, int expert) const {
    if (weights.plain) return dense_product(x, mx::take(numbers, expert, 0));
    const auto& w = (*weights.panels)[static_cast<std::size_t>(expert)];
    return panel_products(x, {{.layer = {.weight = w, .outputs = w->outputs()}}}).front();
  }
};

struct Experts {
  TestLayer gate, up, down;

  explicit Experts(bool packed)
      : gate(kMixtureInner, kMixtureWidth, packed, 1),
        up(kMixtureInner, kMixtureWidth, packed, 2),
        down(kMixtureWidth, kMixtureInner, packed, 3) {}

  MixtureWeights weights() const { return {gate.weights, up.weights, down.weights, Gate::Silu}; }

  mx::array answer(const mx::array& row, int expert) const {
    return down.product(gated(gate.product(row, expert), up.product(row, expert), Gate::Silu),
                        expert);
  }
};

/// Token t goes to experts t and 2 t + 1, which may be the same one: it counts twice then.
std::vector<std::uint32_t> choice(int tokens) {
  std::vector<std::uint32_t> chosen;
  for (int t = 0; t < tokens; ++t)
    for (const int expert : {t, 2 * t + 1})
      chosen.push_back(static_cast<std::uint32_t>(expert % kMixtureExperts));
  return chosen;
}

mx::array token_row(const mx::array& a, int row) {
  return mx::slice(a, {row, 0}, {row + 1, a.shape(1)});
}

class MixtureOf : public ::testing::TestWithParam<bool> {};

TEST_P(MixtureOf, IsTheWeighedSumOfEachTokensExperts) {
  const Experts experts(GetParam());
  for (const int tokens : {1, 5, 40}) {
    const auto ids = choice(tokens);
    const mx::array chosen(ids.data(), {tokens, kMixtureActive}, mx::uint32);
    const mx::array x = mx::random::normal({tokens, kMixtureWidth});
    const mx::array weights = mx::random::uniform({tokens, kMixtureActive});
    mx::array y = mixture(x, experts.weights(), chosen, weights);
    for (int t = 0; t < tokens; ++t) {
      const auto expert = [&](std::size_t a) {
        return static_cast<int>(ids[static_cast<std::size_t>(t) * kMixtureActive + a]);
      };
      const mx::array shares = token_row(weights, t);
      const mx::array expected =
          mx::add(mx::multiply(mx::take(shares, 0, 1), experts.answer(token_row(x, t), expert(0))),
                  mx::multiply(mx::take(shares, 1, 1), experts.answer(token_row(x, t), expert(1))));
      EXPECT_TRUE(mx::allclose(token_row(y, t), expected, 1e-5, 1e-4).item<bool>()) << t;
    }
  }
}

TEST_P(MixtureOf, ARowsBitsKnowNothingOfOtherRows) {
  const Experts experts(GetParam());
  const auto ids = choice(9);
  const mx::array chosen(ids.data(), {9, kMixtureActive}, mx::uint32);
  const mx::array x = mx::random::normal({9, kMixtureWidth});
  const mx::array weights = mx::random::uniform({9, kMixtureActive});
  const mx::array together = mixture(x, experts.weights(), chosen, weights);
  for (int t = 0; t < 9; ++t) {
    const mx::array alone =
        mixture(token_row(x, t), experts.weights(), token_row(chosen, t), token_row(weights, t));
    EXPECT_TRUE(mx::array_equal(alone, token_row(together, t)).item<bool>()) << t;
  }
}

INSTANTIATE_TEST_SUITE_P(Mixture, MixtureOf, ::testing::Values(false, true),
                         [](const auto& info) { return info.param ? "Packed" : "Plain"; });

TEST(Mixture, RefusesWhatDoesNotFit) {
  const Experts experts(false);
  const Experts packed(true);
  const mx::array x = mx::zeros({2, kMixtureWidth});
  const mx::array chosen = mx::zeros({2, kMixtureActive}, mx::uint32);
  const mx::array weights = mx::zeros({2, kMixtureActive});
  EXPECT_THROW(mixture(mx::zeros({2, 32}), experts.weights(), chosen, weights),
               std::invalid_argument);
  EXPECT_THROW(mixture(x, experts.weights(), mx::zeros({3, 2}, mx::uint32), weights),
               std::invalid_argument);
  MixtureWeights mixed = experts.weights();
  mixed.down = packed.weights().down;
  EXPECT_THROW(mixture(x, mixed, chosen, weights), std::invalid_argument);
}

}  // namespace
}  // namespace hearth::kernels
