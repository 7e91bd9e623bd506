// Every way of choosing experts against the same choice made token by token.
#include "nn/router.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <map>
#include <numeric>

#include "nn/testing/arrays.h"
#include "nn/testing/checkpoint_files.h"

namespace hearth::nn {
namespace {

using testing::array_of;
using testing::f32;
using testing::random_floats;
using testing::values_of;
using Score = RouterSpec::Score;

constexpr int kRouterWidth = 8;
constexpr int kChoices = 12;
constexpr int kTokens = 40;

/// Expert → weight of one token.
using Picked = std::map<int, double>;

std::vector<double> softmax(const std::vector<double>& x) {
  const double top = *std::ranges::max_element(x);
  std::vector<double> y;
  for (const double value : x) y.push_back(std::exp(value - top));
  const double sum = std::accumulate(y.begin(), y.end(), 0.0);
  for (double& value : y) value /= sum;
  return y;
}

/// Indices of the `count` largest, best first.
std::vector<int> best(const std::vector<double>& x, int count) {
  std::vector<int> order(x.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, [&](int a, int b) {
    return x[static_cast<std::size_t>(a)] > x[static_cast<std::size_t>(b)];
  });
  order.resize(static_cast<std::size_t>(count));
  return order;
}

/// Puts experts of all but the best groups out of reach.
void close_groups(std::vector<double>& ranked, const RouterSpec& spec) {
  const int members = spec.experts / spec.groups;
  std::vector<double> worth;
  for (int group = 0; group < spec.groups; ++group) {
    const auto begin = ranked.begin() + group * members;
    std::vector<double> sorted(begin, begin + members);
    std::ranges::sort(sorted, std::greater());
    worth.push_back(spec.group_by_two ? sorted[0] + sorted[1] : sorted[0]);
  }
  const auto open = best(worth, spec.open_groups);
  for (int expert = 0; expert < spec.experts; ++expert)
    if (std::ranges::count(open, expert / members) == 0)
      ranked[static_cast<std::size_t>(expert)] = -1e30;
}

/// The definition, for one token's logits.
Picked expected(const RouterSpec& spec, const std::vector<double>& logits,
                const std::vector<float>& correction) {
  std::vector<double> scores = logits;
  if (spec.score == Score::Softmax) scores = softmax(logits);
  if (spec.score == Score::Sigmoid)
    for (double& score : scores) score = 1.0 / (1.0 + std::exp(-score));
  std::vector<double> ranked = scores;
  if (spec.correction)
    for (std::size_t i = 0; i < ranked.size(); ++i) ranked[i] += correction[i];
  if (spec.open_groups < spec.groups) close_groups(ranked, spec);
  const auto picked = best(ranked, spec.active);
  std::vector<double> weights;
  for (const int expert : picked) weights.push_back(scores[static_cast<std::size_t>(expert)]);
  if (spec.score == Score::SoftmaxOfPicked) weights = softmax(weights);
  const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double divisor = spec.renormalise ? std::max<double>(sum, spec.smallest_sum) : 1.0;
  Picked answer;
  for (std::size_t i = 0; i < picked.size(); ++i)
    answer[picked[i]] = weights[i] / divisor * spec.scale;
  return answer;
}

/// A router with random parameters, its logits and its answers.
struct RouterWorld {
  explicit RouterWorld(RouterSpec wanted) : spec(wanted) {
    spec.experts = kChoices;
    std::vector<testing::StoredTensor> tensors{
        f32("gate.weight", {kChoices, kRouterWidth}, matrix)};
    if (spec.bias) tensors.push_back(f32("gate.bias", {kChoices}, bias));
    if (spec.correction)
      tensors.push_back(f32("gate.e_score_correction_bias", {kChoices}, correction));
    folder.write("model.safetensors", testing::safetensors(tensors));
    checkpoint = *Checkpoint::open(folder.path());
    Weights weights(checkpoint, {}, Weights::Options{});
    const Router router(spec, kRouterWidth, Scope(weights, ""));
    const auto finished = weights.finish();
    EXPECT_TRUE(finished) << finished.error().message;
    const auto choice = router(array_of(x, {kTokens, kRouterWidth}));
    experts = values_of<std::uint32_t>(choice.experts);
    chosen_weights = values_of(choice.weights);
  }

  std::vector<double> logits(int token) const {
    std::vector<double> y;
    for (std::size_t e = 0; e < kChoices; ++e) {
      double sum = spec.bias ? double{bias[e]} : 0.0;
      for (std::size_t k = 0; k < kRouterWidth; ++k)
        sum += double{matrix[e * kRouterWidth + k]} *
               x[static_cast<std::size_t>(token) * kRouterWidth + k];
      y.push_back(sum);
    }
    return y;
  }

  Picked picked(int token) const {
    Picked answer;
    for (int i = 0; i < spec.active; ++i) {
      const auto at = static_cast<std::size_t>(token * spec.active + i);
      answer[static_cast<int>(experts[at])] = double{chosen_weights[at]};
    }
    return answer;
  }

  RouterSpec spec;
  std::vector<float> matrix = random_floats(kChoices * kRouterWidth, 1);
  std::vector<float> bias = random_floats(kChoices, 2);
  std::vector<float> correction = random_floats(kChoices, 3);
  std::vector<float> x = random_floats(kTokens * kRouterWidth, 4);
  testing::TemporaryFolder folder;
  Checkpoint checkpoint;
  std::vector<std::uint32_t> experts;
  std::vector<float> chosen_weights;
};

void expect_same(const Picked& got, const Picked& wanted, int token) {
  ASSERT_EQ(got.size(), wanted.size()) << "token " << token;
  for (const auto& [expert, weight] : wanted) {
    ASSERT_TRUE(got.contains(expert)) << "token " << token << ", expert " << expert;
    EXPECT_NEAR(got.at(expert), weight, 2e-6) << "token " << token << ", expert " << expert;
  }
}

class Routers : public ::testing::TestWithParam<RouterSpec> {};

TEST_P(Routers, EqualTheDefinition) {
  const RouterWorld world(GetParam());
  for (int token = 0; token < kTokens; ++token)
    expect_same(world.picked(token), expected(world.spec, world.logits(token), world.correction),
                token);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, Routers,
    ::testing::Values(
        RouterSpec{.active = 3}, RouterSpec{.active = 3, .renormalise = true},
        RouterSpec{.active = 1, .bias = true}, RouterSpec{.active = kChoices},
        RouterSpec{.active = 2, .score = Score::SoftmaxOfPicked},
        RouterSpec{.active = 4, .score = Score::SoftmaxOfPicked, .bias = true},
        RouterSpec{.active = 3, .score = Score::Sigmoid, .correction = true, .renormalise = true},
        RouterSpec{.active = 3,
                   .score = Score::Sigmoid,
                   .correction = true,
                   .groups = 4,
                   .open_groups = 2,
                   .renormalise = true,
                   .scale = 2.5F},
        RouterSpec{
            .active = 2, .groups = 3, .open_groups = 1, .group_by_two = false, .scale = 4.0F},
        RouterSpec{.active = 2, .correction = true, .renormalise = true, .smallest_sum = 0.5F}));

TEST(SparseMixer, WeighsEachPickAgainstThoseCloseToIt) {
  const RouterWorld world({.active = 2, .score = Score::SparseMixer, .jitter = 0.2F});
  for (int token = 0; token < kTokens; ++token) {
    const auto logits = world.logits(token);
    const auto order = best(logits, 2);
    Picked wanted;
    for (std::size_t pick = 0; pick < 2; ++pick) {
      const double top = logits[static_cast<std::size_t>(order[pick])];
      double sum = 0.0;  // of e^(logit - top) over the close ones, without an earlier winner
      for (std::size_t e = 0; e < logits.size(); ++e) {
        if (pick == 1 && std::cmp_equal(e, order[0])) continue;
        if ((top - logits[e]) / std::max(std::abs(logits[e]), top) <= 0.4)
          sum += std::exp(logits[e] - top);
      }
      wanted[order[pick]] = 1.0 / sum;
    }
    expect_same(world.picked(token), wanted, token);
  }
}

}  // namespace
}  // namespace hearth::nn
