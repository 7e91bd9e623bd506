// MLX computes with such an array as with any other, in place.
#include "nn/reserved_rows.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

#include "kernels/page_memory.h"

namespace hearth::nn {
namespace {

/// Whether this system has addresses for memory that is not there yet.
bool system_reserves() {
  return kernels::page_memory(std::size_t{2} << 30) != nullptr;
}

TEST(ReservedRows, AreZerosAndWrittenWhereTheyLie) {
  if (!system_reserves()) GTEST_SKIP() << "this system refuses addresses without memory";
  auto rows = reserved_rows(std::size_t{1} << 20, 256, mx::float32);  // 1 GiB
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->shape(), (mx::Shape{1 << 20, 256}));
  const float* begin = rows->data<float>();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(begin) % 64, 0U);
  const mx::array content = mx::swapaxes(mx::reshape(mx::arange(4.0F * 256), {256, 4}), 0, 1);
  put_blocks(*rows, std::vector<std::int32_t>{500000, 2}, content);
  EXPECT_EQ(rows->data<float>(), begin);
  // Column c of row r of the content is 4 * c + r; its blocks have two rows.
  EXPECT_EQ(begin[1000001 * 256 + 255], 4.0F * 255 + 1);
  EXPECT_EQ(begin[4 * 256 + 1], 4.0F + 2);
  EXPECT_EQ(begin[5 * 256 + 1], 4.0F + 3);
  EXPECT_EQ(begin[6 * 256], 0.0F);
  EXPECT_EQ(mx::sum(mx::take(*rows, mx::array({3, 1000002}), 0)).item<float>(), 0.0F);
}

TEST(ReservedRows, GoBackWithTheLastArray) {
  const std::size_t before = kernels::page_memory_reserved();
  if (!system_reserves()) GTEST_SKIP() << "this system refuses addresses without memory";
  auto rows = reserved_rows(1000, 16, mx::float16);
  ASSERT_TRUE(rows);
  EXPECT_GE(kernels::page_memory_reserved(), before + std::size_t{1000} * 16 * 2);
  mx::array view = mx::reshape(*rows, {100, 160});
  rows.reset();
  EXPECT_GT(kernels::page_memory_reserved(), before);
  mx::eval(view);
  view = mx::array(0);
  EXPECT_EQ(kernels::page_memory_reserved(), before);
}

TEST(ReservedRows, SaysWhereItCannot) {
  EXPECT_FALSE(reserved_rows(0, 16, mx::float32));
  EXPECT_FALSE(reserved_rows(std::numeric_limits<std::size_t>::max() / 8, 16, mx::float32));
}

}  // namespace
}  // namespace hearth::nn
