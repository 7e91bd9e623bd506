// Mamba2's recurrence against the formula in double precision.
#include "nn/selective_scan.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace hearth::nn {
namespace {

constexpr int kBatch = 2, kGroups = 2, kHeads = 6, kState = 3, kWidth = 4;

std::vector<float> draw(std::mt19937& random, int count, float low, float high) {
  std::uniform_real_distribution<float> number(low, high);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = number(random);
  return values;
}

struct Numbers {
  int rows;
  std::vector<float> q, k, v, decay, state;

  explicit Numbers(int tokens) : rows(tokens) {
    std::mt19937 random(11);
    q = draw(random, kBatch * rows * kGroups * kState, -1, 1);
    k = draw(random, kBatch * rows * kGroups * kState, -1, 1);
    v = draw(random, kBatch * rows * kHeads * kWidth, -2, 2);
    decay = draw(random, kBatch * rows * kHeads, -0.5F, 0);
    state = draw(random, kBatch * kHeads * kState * kWidth, -1, 1);
  }
};

/// One sequence and head at a time; `state` moves on.
std::vector<double> textbook(const Numbers& n, std::vector<double>& state) {
  std::vector<double> answers;
  state.assign(n.state.begin(), n.state.end());
  for (int b = 0; b < kBatch; ++b)
    for (int t = 0; t < n.rows; ++t)
      for (int h = 0; h < kHeads; ++h) {
        const auto token = static_cast<std::size_t>(b * n.rows + t);
        const auto head = token * kHeads + static_cast<std::size_t>(h);
        const auto group = (token * kGroups + static_cast<std::size_t>(h / 3)) * kState;
        double* s = state.data() + std::ptrdiff_t{b * kHeads + h} * kState * kWidth;
        for (int j = 0; j < kWidth; ++j) {
          double answer = 0;
          for (std::size_t i = 0; i < kState; ++i) {
            double& entry = s[i * kWidth + static_cast<std::size_t>(j)];
            entry = entry * std::exp(double{n.decay[head]}) +
                    double{n.k[group + i]} * n.v[head * kWidth + static_cast<std::size_t>(j)];
            answer += entry * n.q[group + i];
          }
          answers.push_back(answer);
        }
      }
  return answers;
}

mx::array part(const std::vector<float>& values, const Numbers& n, int begin, int end,
               const mx::Shape& rest) {
  mx::Shape whole{kBatch, n.rows};
  whole.insert(whole.end(), rest.begin(), rest.end());
  mx::Shape from(whole.size(), 0);
  from[1] = begin;
  mx::Shape to = whole;
  to[1] = end;
  return mx::slice(mx::array(values.data(), whole, mx::float32), from, to);
}

double worst(mx::array got, const std::vector<double>& expected) {
  got = mx::contiguous(got);
  mx::eval(got);
  EXPECT_EQ(got.size(), expected.size());
  double largest = 0;
  for (std::size_t i = 0; i < expected.size(); ++i)
    largest = std::max(largest, std::abs(got.data<float>()[i] - expected[i]));
  return largest;
}

TEST(SelectiveScan, PiecesOfAnyLengthEqualTheFormula) {
  const Numbers n(150);
  std::vector<double> left;
  const auto expected = textbook(n, left);
  for (const int piece : {1, 2, 7, 63, 64, 65, 150}) {
    mx::array state(n.state.data(), {kBatch, kHeads, kState, kWidth}, mx::float32);
    std::vector<mx::array> answers;
    for (int begin = 0; begin < n.rows; begin += piece) {
      const int end = std::min(n.rows, begin + piece);
      answers.push_back(selective_scan(
          {part(n.q, n, begin, end, {kGroups, kState}), part(n.k, n, begin, end, {kGroups, kState}),
           part(n.v, n, begin, end, {kHeads, kWidth}), part(n.decay, n, begin, end, {kHeads})},
          state));
    }
    EXPECT_LT(worst(mx::concatenate(answers, 1), expected), 3e-5) << "pieces of " << piece;
    EXPECT_LT(worst(state, left), 3e-5) << "pieces of " << piece;
  }
}

}  // namespace
}  // namespace hearth::nn
