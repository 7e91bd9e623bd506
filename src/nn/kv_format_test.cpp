// What packing keys and values costs, and that rows do not disturb each other.
#include "nn/kv_format.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <tuple>

#include "kernels/kv_rows.h"
#include "nn/testing/arrays.h"

namespace hearth::nn {
namespace {

using testing::array_of;
using testing::random_floats;
using testing::values_of;

constexpr int kStoredRows = 50;

class PackedRows : public ::testing::TestWithParam<std::tuple<int, int>> {
 protected:
  int width() const { return std::get<0>(GetParam()); }
  int bits() const { return std::get<1>(GetParam()); }
  KvFormat format() const { return {.width = width(), .bits = bits()}; }
  std::vector<float> rows() const {
    return random_floats(std::size_t{kStoredRows} * static_cast<std::size_t>(width()), 6);
  }
  /// Numbers that share a scale with number `i` of a row.
  std::pair<int, int> group_of(int i) const {
    const int size = width() % 64 == 0 ? 64 : 32;
    return {i / size * size, std::min(width(), i / size * size + size)};
  }
};

TEST_P(PackedRows, ComeBackWithinAStepOfTheirGroup) {
  const auto x = rows();
  const mx::array stored = format().stored(array_of(x, {kStoredRows, width()}));
  EXPECT_EQ(stored.dtype(), mx::uint8);
  EXPECT_EQ(stored.shape(), (mx::Shape{kStoredRows, format().stored_width()}));
  const auto y = values_of(format().numbers(stored));
  for (int row = 0; row < kStoredRows; ++row)
    for (int i = 0; i < width(); ++i) {
      const auto at = x.begin() + std::ptrdiff_t{row} * width();
      const auto [begin, end] = group_of(i);
      const auto [low, high] = std::minmax_element(at + begin, at + end);
      // A group that zeros fill up spans zero as well.
      const float span = std::max(*high, 0.0F) - std::min(*low, 0.0F);
      const float step = span / static_cast<float>((1 << bits()) - 1);
      EXPECT_NEAR(y[static_cast<std::size_t>(row * width() + i)], at[i], step);
    }
}

TEST_P(PackedRows, ARowAloneIsPackedAsAmongOthers) {
  const auto x = rows();
  const auto all = values_of<std::uint8_t>(format().stored(array_of(x, {kStoredRows, width()})));
  const std::vector<float> last(x.end() - width(), x.end());
  const auto alone = values_of<std::uint8_t>(format().stored(array_of(last, {1, width()})));
  EXPECT_TRUE(std::equal(alone.begin(), alone.end(), all.end() - std::ssize(alone)));
}

TEST_P(PackedRows, TheKernelWritesTheSameBytes) {
  const auto x = rows();
  const auto expected =
      values_of<std::uint8_t>(format().stored(array_of(x, {kStoredRows, width()})));
  const kernels::KvRow row =
      kernels::kv_row(bits() == 8 ? kernels::KvType::Bits8 : kernels::KvType::Bits4, width());
  ASSERT_EQ(row.bytes, format().row_bytes());
  std::vector<std::uint8_t> bytes(expected.size());
  for (int i = 0; i < kStoredRows; ++i)
    kernels::store_row(row, x.data() + std::ptrdiff_t{i} * width(),
                       bytes.data() + std::ptrdiff_t{i} * row.bytes);
  EXPECT_EQ(bytes, expected);
}

INSTANTIATE_TEST_SUITE_P(Widths, PackedRows,
                         ::testing::Combine(::testing::Values(16, 24, 64, 80, 128, 192),
                                            ::testing::Values(8, 4)));

TEST(KvFormat, BytesOfARow) {
  EXPECT_EQ((KvFormat{.width = 128}.row_bytes()), 512);
  EXPECT_EQ((KvFormat{.width = 128, .bits = 8}.row_bytes()), 128 + 2 * 2 * 4);
  EXPECT_EQ((KvFormat{.width = 128, .bits = 4}.row_bytes()), 64 + 2 * 2 * 4);
  EXPECT_EQ((KvFormat{.width = 128, .bits = 4, .dtype = mx::bfloat16}.row_bytes()), 64 + 2 * 2 * 2);
  EXPECT_EQ((KvFormat{.width = 80, .bits = 8}.row_bytes()), 96 + 2 * 3 * 4) << "filled up to 96";
}

TEST(KvFormat, SixteenBitsAreFloat16AndNothingOverflows) {
  const std::vector<float> x{0.0F, -1.0F, 0.1F, 65504.0F, 70000.0F, -1e30F, 1e-7F, 2049.0F};
  const KvFormat format{.width = 8, .bits = 16};
  EXPECT_EQ(format.row_bytes(), 16);
  const mx::array stored = format.stored(array_of(x, {1, 8}));
  EXPECT_EQ(stored.dtype(), mx::float16);
  const auto numbers = values_of(format.numbers(stored));
  const std::vector<float> expected{0.0F,     -1.0F,     0.0999755859375F, 65504.0F,
                                    65504.0F, -65504.0F, 0x1p-23F,         2048.0F};
  EXPECT_EQ(numbers, expected);
  std::vector<std::uint16_t> kernel(x.size());
  kernels::store_row(kernels::kv_row(kernels::KvType::F16, 8), x.data(),
                     reinterpret_cast<std::uint8_t*>(kernel.data()));
  EXPECT_EQ(values_of<std::uint16_t>(mx::view(stored, mx::uint16)), kernel);
}

TEST(KvFormat, UnpackedRowsAreTheNumbersThemselves) {
  const auto x = random_floats(std::size_t{4} * 24, 1);
  const KvFormat format{.width = 24};
  const mx::array stored = format.stored(array_of(x, {4, 24}));
  EXPECT_EQ(stored.dtype(), mx::float32);
  EXPECT_EQ(values_of(format.numbers(stored)), x);
}

}  // namespace
}  // namespace hearth::nn
