// Our packing against MLX's own.
#include "convert/affine_codes.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

#include "nn/quantisation.h"

namespace hearth::convert {
namespace {

namespace mx = nn::mx;

/// Numbers of all sizes, with groups that are constant, zero, one-sided and tiny.
mx::array numbers(int rows, int width, mx::Dtype dtype) {
  std::vector<float> values;
  std::uint32_t state = 12345;
  for (int i = 0; i < rows * width; ++i) {
    state = state * 1664525U + 1013904223U;
    const float unit = static_cast<float>(state >> 8) / static_cast<float>(1 << 23) - 1.0F;
    const int kind = i / 128 % 7;
    float value = unit * unit * unit;
    if (kind == 1) value = 0.0F;
    if (kind == 2) value = 0.25F;
    if (kind == 3) value = std::abs(unit);
    if (kind == 4) value = -std::abs(unit) * 100.0F;
    if (kind == 5) value = unit * 1e-8F;
    values.push_back(value);
  }
  mx::array array = mx::astype(mx::array(values.data(), {rows, width}, mx::float32), dtype);
  mx::eval(array);
  return array;
}

std::vector<std::byte> bytes(const mx::array& array) {
  const auto* data = array.data<std::byte>();
  return {data, data + array.nbytes()};
}

TEST(AffineCodes, AreMlxsToTheLastBit) {
  for (const mx::Dtype dtype : {mx::float32, mx::float16, mx::bfloat16})
    for (const int bits : {2, 3, 4, 5, 6, 8})
      for (const int group : {32, 64, 128}) {
        const mx::array rows = numbers(24, 384, dtype);
        std::vector<mx::array> expected = mx::quantize(rows, group, bits);
        mx::eval(expected);
        std::vector<std::byte> codes(expected[0].nbytes());
        std::vector<std::byte> scales(expected[1].nbytes());
        std::vector<std::byte> biases(expected[2].nbytes());
        EXPECT_TRUE(pack_affine(rows, {bits, group}, {codes, scales, biases}));
        EXPECT_EQ(codes, bytes(expected[0])) << bits << " bits, groups of " << group;
        EXPECT_EQ(scales, bytes(expected[1]));
        EXPECT_EQ(biases, bytes(expected[2]));
      }
}

TEST(AffineCodes, TellsOfNumbersThatAreNotFinite) {
  for (const float wrong : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
    std::vector<float> values(64, 1.0F);
    values[40] = wrong;
    mx::array rows(values.data(), {1, 64}, mx::float32);
    mx::eval(rows);
    std::vector<std::byte> codes(32);
    std::vector<std::byte> scales(4);
    std::vector<std::byte> biases(4);
    EXPECT_FALSE(pack_affine(rows, {4, 64}, {codes, scales, biases}));
  }
}

}  // namespace
}  // namespace hearth::convert
