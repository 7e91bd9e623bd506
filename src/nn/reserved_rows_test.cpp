// MLX computes with such an array as with any other, in place.
#include "nn/reserved_rows.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <limits>

#include "kernels/page_memory.h"

namespace hearth::nn {
namespace {

TEST(ReservedRows, AreZerosAndWrittenWhereTheyLie) {
  auto rows = reserved_rows(std::size_t{1} << 20, 256, mx::float32);  // 1 GiB
  if (!rows) GTEST_SKIP() << "this system reserves no memory that is not there";
  EXPECT_EQ(rows->shape(), (mx::Shape{1 << 20, 256}));
  const float* begin = rows->data<float>();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(begin) % 64, 0U);
  put_rows(*rows, 1000000, mx::swapaxes(mx::full({256, 2}, 3.0F), 0, 1));
  EXPECT_EQ(rows->data<float>(), begin);
  EXPECT_EQ(begin[1000001 * 256 + 255], 3.0F);
  EXPECT_EQ(begin[1000002 * 256], 0.0F);
  EXPECT_EQ(mx::sum(mx::take(*rows, mx::array({999999, 1000000, 1000002}), 0)).item<float>(),
            3.0F * 256);
}

TEST(ReservedRows, GoBackWithTheLastArray) {
  const std::size_t before = kernels::page_memory_reserved();
  auto rows = reserved_rows(1000, 16, mx::float16);
  if (!rows) GTEST_SKIP() << "this system reserves no memory that is not there";
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
