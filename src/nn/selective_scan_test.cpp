// Mamba2's recurrence against the formula in double precision.
#include "nn/selective_scan.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <vector>

#include "nn/testing/arrays.h"

namespace hearth::nn {
namespace {

using testing::draw;
using testing::largest_error;

constexpr int kScans = 2, kGroups = 2, kScanHeads = 6, kScanState = 3, kScanWidth = 4;

struct ScanNumbers {
  int rows;
  std::vector<float> q, k, v, decay, state;

  explicit ScanNumbers(int tokens) : rows(tokens) {
    std::mt19937 random(11);
    q = draw(random, kScans * rows * kGroups * kScanState, -1, 1);
    k = draw(random, kScans * rows * kGroups * kScanState, -1, 1);
    v = draw(random, kScans * rows * kScanHeads * kScanWidth, -2, 2);
    decay = draw(random, kScans * rows * kScanHeads, -0.5F, 0);
    state = draw(random, kScans * kScanHeads * kScanState * kScanWidth, -1, 1);
  }
};

/// One sequence and head at a time; `state` moves on.
std::vector<double> textbook(const ScanNumbers& n, std::vector<double>& state) {
  std::vector<double> answers;
  state.assign(n.state.begin(), n.state.end());
  for (int b = 0; b < kScans; ++b)
    for (int t = 0; t < n.rows; ++t)
      for (int h = 0; h < kScanHeads; ++h) {
        const auto token = static_cast<std::size_t>(b * n.rows + t);
        const auto head = token * kScanHeads + static_cast<std::size_t>(h);
        const auto group = (token * kGroups + static_cast<std::size_t>(h / 3)) * kScanState;
        double* s = state.data() + std::ptrdiff_t{b * kScanHeads + h} * kScanState * kScanWidth;
        for (int j = 0; j < kScanWidth; ++j) {
          double answer = 0;
          for (std::size_t i = 0; i < kScanState; ++i) {
            double& entry = s[i * kScanWidth + static_cast<std::size_t>(j)];
            entry = entry * std::exp(double{n.decay[head]}) +
                    double{n.k[group + i]} * n.v[head * kScanWidth + static_cast<std::size_t>(j)];
            answer += entry * n.q[group + i];
          }
          answers.push_back(answer);
        }
      }
  return answers;
}

mx::array part(const std::vector<float>& values, const ScanNumbers& n, int begin, int end,
               const mx::Shape& rest) {
  mx::Shape whole{kScans, n.rows};
  whole.insert(whole.end(), rest.begin(), rest.end());
  mx::Shape from(whole.size(), 0);
  from[1] = begin;
  mx::Shape to = whole;
  to[1] = end;
  return mx::slice(mx::array(values.data(), whole, mx::float32), from, to);
}

TEST(SelectiveScan, PiecesOfAnyLengthEqualTheFormula) {
  const ScanNumbers n(150);
  std::vector<double> left;
  const auto expected = textbook(n, left);
  for (const int piece : {1, 2, 7, 63, 64, 65, 150}) {
    mx::array state(n.state.data(), {kScans, kScanHeads, kScanState, kScanWidth}, mx::float32);
    std::vector<mx::array> answers;
    for (int begin = 0; begin < n.rows; begin += piece) {
      const int end = std::min(n.rows, begin + piece);
      answers.push_back(selective_scan({part(n.q, n, begin, end, {kGroups, kScanState}),
                                        part(n.k, n, begin, end, {kGroups, kScanState}),
                                        part(n.v, n, begin, end, {kScanHeads, kScanWidth}),
                                        part(n.decay, n, begin, end, {kScanHeads})},
                                       state));
    }
    EXPECT_LT(largest_error(mx::concatenate(answers, 1), expected), 3e-5) << "pieces of " << piece;
    EXPECT_LT(largest_error(state, left), 3e-5) << "pieces of " << piece;
  }
}

}  // namespace
}  // namespace hearth::nn
