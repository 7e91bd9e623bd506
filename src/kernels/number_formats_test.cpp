// Every number of the narrow formats against the formats' definition.
#include "kernels/number_formats.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

#include "kernels/testing/packed_example.h"

namespace hearth::kernels {
namespace {

using testing::float_value;

TEST(NumberFormats, HalfPrecisionBothWays) {
  for (unsigned bits = 0; bits < 0x10000U; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    if ((bits & 0x7C00U) == 0x7C00U) {
      EXPECT_EQ(std::isnan(from_f16(half)), (bits & 0x3FFU) != 0);
      continue;
    }
    EXPECT_EQ(from_f16(half), float_value(bits, 5, 10));
    EXPECT_EQ(to_f16(from_f16(half)), half);
  }
  EXPECT_EQ(to_f16(65519.0F), 0x7BFF);
  EXPECT_EQ(to_f16(65520.0F), 0x7C00);
  EXPECT_EQ(to_f16(-1e30F), 0xFC00);
  EXPECT_EQ(to_f16(1.0F + 0x1p-11F), 0x3C00) << "a tie goes to the even side";
  EXPECT_EQ(to_f16(1.0F + 0x3p-11F), 0x3C02);
  EXPECT_EQ(to_f16(0x1p-25F), 0x0000);
  EXPECT_EQ(to_f16(0x3p-25F), 0x0002);
  EXPECT_TRUE(std::isnan(from_f16(to_f16(std::nanf("")))));
}

TEST(NumberFormats, BrainFloatBothWays) {
  for (unsigned bits = 0; bits < 0x10000U; ++bits) {
    const auto brain = static_cast<std::uint16_t>(bits);
    if ((bits & 0x7F80U) == 0x7F80U) continue;
    EXPECT_EQ(from_bf16(brain), float_value(bits, 8, 7));
    EXPECT_EQ(to_bf16(from_bf16(brain)), brain);
  }
  EXPECT_EQ(to_bf16(1.0F + 0x1p-8F), 0x3F80) << "a tie goes to the even side";
  EXPECT_EQ(to_bf16(1.0F + 0x3p-8F), 0x3F82);
  EXPECT_EQ(to_bf16(std::numeric_limits<float>::infinity()), 0x7F80);
  EXPECT_TRUE(std::isnan(from_bf16(to_bf16(std::nanf("")))));
}

TEST(NumberFormats, ScalesOfOneByte) {
  for (unsigned bits = 0; bits < 0x100U; ++bits) {
    const auto byte = static_cast<std::uint8_t>(bits);
    if (bits == 0xFFU)
      EXPECT_TRUE(std::isnan(from_e8m0(byte)));
    else
      EXPECT_EQ(from_e8m0(byte), std::ldexp(1.0, static_cast<int>(bits) - 127));
    if ((bits & 0x7FU) == 0x7FU)
      EXPECT_TRUE(std::isnan(from_e4m3(byte)));
    else
      EXPECT_EQ(from_e4m3(byte), float_value(bits, 4, 3));
  }
}

}  // namespace
}  // namespace hearth::kernels
