// The gated delta rule against the formula in double precision.
#include "nn/delta_rule.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <vector>

#include "nn/testing/arrays.h"

namespace hearth::nn {
namespace {

using testing::draw;
using testing::largest_error;

constexpr int kSequences = 2, kDeltaHeads = 3, kKey = 4, kValue = 5;

struct DeltaNumbers {
  int rows;
  std::vector<float> q, k, v, decay, rate, state;
};

/// Keys of length 1 and all much alike, so that corrections build on each other.
DeltaNumbers numbers(int rows, float forgetting) {
  std::mt19937 random(7);
  const int tokens = kSequences * rows * kDeltaHeads;
  DeltaNumbers made{.rows = rows,
                    .q = draw(random, tokens * kKey, -1, 1),
                    .k = draw(random, tokens * kKey, 0.2F, 1),
                    .v = draw(random, tokens * kValue, -2, 2),
                    .decay = draw(random, tokens, -forgetting, 0),
                    .rate = draw(random, tokens, 0, 1),
                    .state = draw(random, kSequences * kDeltaHeads * kKey * kValue, -1, 1)};
  for (int t = 0; t < tokens; ++t) {
    float* key = made.k.data() + std::ptrdiff_t{t} * kKey;
    float sum = 0;
    for (int i = 0; i < kKey; ++i) sum += key[i] * key[i];
    for (int i = 0; i < kKey; ++i) key[i] /= std::sqrt(sum);
  }
  return made;
}

/// The formula, one sequence and head at a time; `state` moves on.
std::vector<double> textbook(const DeltaNumbers& n, std::vector<double>& state) {
  std::vector<double> answers;
  state.assign(n.state.begin(), n.state.end());
  for (int b = 0; b < kSequences; ++b)
    for (int t = 0; t < n.rows; ++t)
      for (int h = 0; h < kDeltaHeads; ++h) {
        const auto at = static_cast<std::size_t>((b * n.rows + t) * kDeltaHeads + h);
        double* s = state.data() + std::ptrdiff_t{b * kDeltaHeads + h} * kKey * kValue;
        for (int i = 0; i < kKey * kValue; ++i) s[i] *= std::exp(double{n.decay[at]});
        for (int j = 0; j < kValue; ++j) {
          double known = 0;
          for (int i = 0; i < kKey; ++i) known += s[i * kValue + j] * n.k[at * kKey + i];
          const double news = (n.v[at * kValue + j] - known) * n.rate[at];
          double answer = 0;
          for (int i = 0; i < kKey; ++i) {
            s[i * kValue + j] += n.k[at * kKey + i] * news;
            answer += s[i * kValue + j] * n.q[at * kKey + i];
          }
          answers.push_back(answer);
        }
      }
  return answers;
}

mx::array part(const std::vector<float>& values, int rows, int begin, int end, int width) {
  const mx::array all(values.data(), {kSequences, rows, kDeltaHeads, width}, mx::float32);
  return mx::slice(all, {0, begin, 0, 0}, {kSequences, end, kDeltaHeads, width});
}

/// The rule over pieces of `piece` tokens.
void check(int rows, int piece, float forgetting, double tolerance = 2e-5) {
  const DeltaNumbers n = numbers(rows, forgetting);
  mx::array state(n.state.data(), {kSequences, kDeltaHeads, kKey, kValue}, mx::float32);
  std::vector<mx::array> answers;
  for (int begin = 0; begin < rows; begin += piece) {
    const int end = std::min(rows, begin + piece);
    const auto flat = [&](const std::vector<float>& values) {
      return mx::squeeze(part(values, rows, begin, end, 1), 3);
    };
    answers.push_back(
        gated_delta_rule({part(n.q, rows, begin, end, kKey), part(n.k, rows, begin, end, kKey),
                          part(n.v, rows, begin, end, kValue), flat(n.decay), flat(n.rate)},
                         state));
  }
  std::vector<double> left;
  const auto expected = textbook(n, left);
  EXPECT_LT(largest_error(mx::concatenate(answers, 1), expected), tolerance);
  EXPECT_LT(largest_error(state, left), tolerance);
}

TEST(DeltaRule, TokenByToken) {
  check(20, 1, 1.0F);
}

TEST(DeltaRule, PiecesOfAnyLength) {
  for (const int piece : {2, 3, 7, 63, 64, 65, 150}) check(150, piece, 1.0F);
}

TEST(DeltaRule, NothingForgotten) {
  check(150, 150, 0.0F);
}

TEST(DeltaRule, NearlyAllForgotten) {
  check(150, 150, 80.0F, 1e-4);  // a block adds logs up to thousands: their last bits show
}

}  // namespace
}  // namespace hearth::nn
