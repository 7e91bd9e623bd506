// Plain and packed products against the layout's definition, in double precision.
#include "nn/matrix.h"

#include <array>
#include <cmath>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <random>
#include <vector>

#include "kernels/testing/finest_activations.h"

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
    const auto at = static_cast<std::size_t>(std::int64_t{index} * bits + bit);
    value |= ((row[at / 32] >> (at % 32)) & 1U) << bit;
  }
  return value;
}

/// E2M1: a sign, two bits of exponent, one of fraction; the smallest exponent has no leading 1.
double e2m1(std::uint32_t code) {
  constexpr std::array<double, 8> kSizes{0, 0.5, 1, 1.5, 2, 3, 4, 6};
  return (code & 8U ? -1 : 1) * kSizes[code & 7U];
}

/// E4M3: a sign, four bits of exponent (bias 7), three of fraction.
double e4m3(std::uint32_t code) {
  const int exponent = static_cast<int>(code >> 3U & 15U);
  const double fraction = code & 7U;
  const double size =
      exponent == 0 ? std::ldexp(fraction, -9) : std::ldexp(1.0 + fraction / 8.0, exponent - 7);
  return code & 128U ? -size : size;
}

/// What one code stands for before it is scaled.
double number_of(std::uint32_t code, PackingMode mode) {
  if (mode == PackingMode::Affine) return code;
  return mode == PackingMode::Mxfp8 ? e4m3(code) : e2m1(code);
}

/// A scale of the mode as it is stored and as it counts.
struct Scale {
  float affine = 0.0F;
  std::uint8_t byte = 0;
  double value = 0.0;
};

Scale scale(PackingMode mode, std::mt19937& random) {
  if (mode == PackingMode::Affine) {
    const float value = std::uniform_real_distribution<float>(0.01F, 0.1F)(random);
    return {value, 0, value};
  }
  const bool power = mode != PackingMode::Nvfp4;
  const auto byte = static_cast<std::uint8_t>((power ? 122U : 16U) + random() % 4U);
  return {0.0F, byte, power ? std::ldexp(1.0, byte - 127) : e4m3(byte)};
}

/// Random words without the codes that E4M3 has for "not a number".
std::uint32_t codes_word(PackingMode mode, std::mt19937& random) {
  return mode == PackingMode::Mxfp8 ? random() & 0xBFBFBFBFU : random();
}

Example example(int rows, int width, Packing packing) {
  std::mt19937 random(static_cast<unsigned>(packing.bits * 1000 + packing.group_size));
  const int words = width * packing.bits / 32;
  const int groups = width / packing.group_size;
  const bool affine = packing.mode == PackingMode::Affine;
  std::vector<std::uint32_t> codes;
  std::vector<Scale> scales;
  std::vector<float> floats, biases;
  std::vector<std::uint8_t> bytes;
  std::vector<double> dense;
  for (int n = 0; n < rows; ++n) {
    std::vector<std::uint32_t> row(static_cast<std::size_t>(words));
    for (std::uint32_t& word : row) word = codes_word(packing.mode, random);
    for (int g = 0; g < groups; ++g) {
      const Scale& group = scales.emplace_back(scale(packing.mode, random));
      floats.push_back(group.affine);
      bytes.push_back(group.byte);
      biases.push_back(affine ? -5.0F * group.affine : 0.0F);
      for (int i = 0; i < packing.group_size; ++i) {
        const auto number = code(row, g * packing.group_size + i, packing.bits);
        dense.push_back(group.value * number_of(number, packing.mode) + biases.back());
      }
    }
    codes.insert(codes.end(), row.begin(), row.end());
  }
  const mx::array words_of(codes.data(), {rows, words}, mx::uint32);
  if (!affine)
    return {Matrix(PackedMatrix{
                words_of, mx::array(bytes.data(), {rows, groups}, mx::uint8), {}, packing}),
            dense};
  return {Matrix(PackedMatrix{words_of, mx::array(floats.data(), {rows, groups}, mx::float32),
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
        sum += double{x[static_cast<std::size_t>(std::int64_t{t} * width + k)]} *
               w.dense[static_cast<std::size_t>(std::int64_t{n} * width + k)];
      worst = std::max(worst, std::abs(sum - y.data<float>()[t * rows + n]));
      largest = std::max(largest, std::abs(sum));
    }
  return worst / largest;
}

class Packed : public ::testing::TestWithParam<Packing> {
 protected:
  Packing packing() const { return GetParam(); }
};

TEST_P(Packed, ProductsOfFewAndManyRows) {
  const Example w = example(48, 256, packing());
  const Example prepared{w.matrix.prepared(), w.dense};
  for (const int tokens : {1, 2, 3, 40}) {
    EXPECT_LT(product_error(w, 48, 256, tokens), 2e-6) << tokens << " rows";
    EXPECT_LT(product_error(prepared, 48, 256, tokens), 2e-6) << tokens << " rows, prepared";
  }
}

TEST_P(Packed, Rows) {
  const Example w = example(48, 256, packing());
  for (const Matrix& matrix : {w.matrix, w.matrix.prepared()}) {
    mx::array rows = matrix.rows(mx::array({47, 0, 5}, mx::int32));
    mx::eval(rows);
    for (int k = 0; k < 256; ++k) {
      EXPECT_NEAR(rows.data<float>()[k], w.dense[static_cast<std::size_t>(47 * 256 + k)], 1e-5);
      EXPECT_NEAR(rows.data<float>()[2 * 256 + k], w.dense[static_cast<std::size_t>(5 * 256 + k)],
                  1e-5);
    }
  }
}

std::vector<Packing> every_packing() {
  std::vector<Packing> all;
  for (const PackingFormat& format : packing_formats())
    for (const int bits : format.bits)
      for (const int group : format.group_sizes)
        if (format.allows_bits(bits) && format.allows_group(group))
          all.push_back({.bits = bits, .group_size = group, .mode = format.mode});
  return all;
}

std::string packing_name(const ::testing::TestParamInfo<Packing>& info) {
  return fmt::format("{}_{}_{}", format_of(info.param.mode).name, info.param.bits,
                     info.param.group_size);
}

INSTANTIATE_TEST_SUITE_P(Layouts, Packed, ::testing::ValuesIn(every_packing()), packing_name);

TEST(Matrix, ALargeHeadIsUnpackedInBlocks) {
  constexpr int kRows = 20'000;  // 64 wide: more than one block
  const Example w = example(kRows, 64, {.bits = 4, .group_size = 64});
  EXPECT_LT(product_error(w, kRows, 64, 3), 2e-6);
}

// A step that only reads a piece of a prompt wants no logits.
TEST(Matrix, NoRowsGiveNoRows) {
  const Packing packing{.bits = 4, .group_size = 64};
  const auto packed = std::get<PackedMatrix>(example(48, 256, packing).matrix.content());
  for (const RowPolicy rows : {RowPolicy::Any, RowPolicy::Fixed})
    for (const Matrix& w : {Matrix(packed, rows), Matrix(packed, rows).prepared(),
                            Matrix(mx::zeros({48, 256}), rows)}) {
      mx::array y = w.times(mx::zeros({0, 256}));
      mx::eval(y);
      EXPECT_EQ(y.shape(), (mx::Shape{0, 48}));
    }
}

TEST(Matrix, CountsItsBytes) {
  EXPECT_EQ(Matrix(mx::zeros({3, 5})).bytes(), 60U);
  EXPECT_EQ(example(48, 256, {.bits = 4, .group_size = 64}).matrix.bytes(),
            48U * (128U + 4U * 4U + 4U * 4U));
}

}  // namespace
}  // namespace hearth::nn
