// Plain and packed products against the layout's definition, in double precision.
#include "nn/matrix.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace hearth::nn {
namespace {

/// A packed matrix and the numbers it stands for.
struct Example {
  Matrix matrix;
  std::vector<double> dense;  // [N, K]
};

/// Codes lie one after another in the bits of a row, lowest first.
std::uint32_t code(const std::vector<std::uint32_t>& row, int index, int bits) {
  std::uint32_t value = 0;
  for (int bit = 0; bit < bits; ++bit) {
    const auto at = static_cast<std::size_t>(index * bits + bit);
    value |= ((row[at / 32] >> (at % 32)) & 1U) << bit;
  }
  return value;
}

Example example(int rows, int width, Packing packing) {
  std::mt19937 random(static_cast<unsigned>(packing.bits * 1000 + packing.group_size));
  std::uniform_real_distribution<float> number(0.01F, 0.1F);
  const int words = width * packing.bits / 32;
  const int groups = width / packing.group_size;
  std::vector<std::uint32_t> codes;
  std::vector<float> scales;
  std::vector<float> biases;
  std::vector<double> dense;
  for (int n = 0; n < rows; ++n) {
    std::vector<std::uint32_t> row(static_cast<std::size_t>(words));
    for (std::uint32_t& word : row) word = random();
    for (int g = 0; g < groups; ++g) {
      scales.push_back(number(random));
      biases.push_back(-10.0F * number(random));
      for (int i = 0; i < packing.group_size; ++i)
        dense.push_back(double{scales.back()} *
                            code(row, g * packing.group_size + i, packing.bits) +
                        biases.back());
    }
    codes.insert(codes.end(), row.begin(), row.end());
  }
  return {Matrix(PackedMatrix{mx::array(codes.data(), {rows, words}, mx::uint32),
                              mx::array(scales.data(), {rows, groups}, mx::float32),
                              mx::array(biases.data(), {rows, groups}, mx::float32), packing}),
          dense};
}

/// Largest error of x Wᵀ, relative to the largest answer.
double product_error(const Example& w, int rows, int width, int tokens) {
  std::mt19937 random(7);
  std::normal_distribution<float> number;
  std::vector<float> x(static_cast<std::size_t>(tokens * width));
  for (float& value : x) value = number(random);
  mx::array y = w.matrix.times(mx::array(x.data(), {tokens, width}, mx::float32));
  mx::eval(y);
  EXPECT_EQ(y.shape(), (mx::Shape{tokens, rows}));
  y = mx::contiguous(y);
  mx::eval(y);
  double worst = 0.0;
  double largest = 0.0;
  for (int t = 0; t < tokens; ++t)
    for (int n = 0; n < rows; ++n) {
      double sum = 0.0;
      for (int k = 0; k < width; ++k)
        sum += double{x[static_cast<std::size_t>(t * width + k)]} *
               w.dense[static_cast<std::size_t>(n * width + k)];
      worst = std::max(worst, std::abs(sum - y.data<float>()[t * rows + n]));
      largest = std::max(largest, std::abs(sum));
    }
  return worst / largest;
}

class Packed : public ::testing::TestWithParam<std::tuple<int, int>> {
 protected:
  Packing packing() const {
    return {.bits = std::get<0>(GetParam()), .group_size = std::get<1>(GetParam())};
  }
};

TEST_P(Packed, ProductsOfFewAndManyRows) {
  const Example w = example(48, 256, packing());
  for (const int tokens : {1, 2, 3, 40})
    EXPECT_LT(product_error(w, 48, 256, tokens), 2e-6) << tokens << " rows";
}

TEST_P(Packed, RowsAndUnpackedForm) {
  const Example w = example(48, 256, packing());
  mx::array rows = w.matrix.rows(mx::array({47, 0, 5}, mx::int32));
  mx::array whole = w.matrix.unpacked().rows(mx::arange(48, mx::int32));
  mx::eval(rows, whole);
  EXPECT_FALSE(w.matrix.unpacked().packed());
  for (int k = 0; k < 256; ++k) {
    EXPECT_NEAR(rows.data<float>()[k], w.dense[static_cast<std::size_t>(47 * 256 + k)], 1e-5);
    EXPECT_NEAR(rows.data<float>()[2 * 256 + k], w.dense[static_cast<std::size_t>(5 * 256 + k)],
                1e-5);
    EXPECT_NEAR(whole.data<float>()[9 * 256 + k], w.dense[static_cast<std::size_t>(9 * 256 + k)],
                1e-5);
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, Packed,
                         ::testing::Combine(::testing::Values(2, 3, 4, 5, 6, 8),
                                            ::testing::Values(32, 64, 128)));

TEST(Matrix, ALargeHeadIsUnpackedInBlocks) {
  constexpr int kRows = 20'000;  // 64 wide: more than one block
  const Example w = example(kRows, 64, {.bits = 4, .group_size = 64});
  EXPECT_LT(product_error(w, kRows, 64, 3), 2e-6);
}

TEST(Matrix, CountsItsBytes) {
  EXPECT_EQ(Matrix(mx::zeros({3, 5})).bytes(), 60U);
  EXPECT_EQ(example(48, 256, {.bits = 4, .group_size = 64}).matrix.bytes(),
            48U * (128U + 4U * 4U + 4U * 4U));
}

}  // namespace
}  // namespace hearth::nn
