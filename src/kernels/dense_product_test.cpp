// The MLX operation: arrays of every stride and type, against MLX's own product in float32.
#include "kernels/dense_product.h"

#include <gtest/gtest.h>
#include <mlx/ops.h>
#include <mlx/random.h>
#include <mlx/transforms.h>
#include <stdexcept>

#include "kernels/counters.h"

namespace hearth::kernels {
namespace {

namespace mx = mlx::core;

mx::array dense_numbers(const mx::Shape& shape, mx::Dtype dtype, unsigned seed) {
  return mx::astype(mx::random::normal(shape, mx::float32, mx::random::key(seed)), dtype);
}

mx::array wide(const mx::array& a) {
  return mx::astype(a, mx::float32);
}

/// Root of the mean square of the difference, relative to that of the expected numbers.
float error_of(const mx::array& y, const mx::array& expected) {
  const mx::array difference = mx::subtract(wide(y), expected);
  return mx::sqrt(mx::divide(mx::mean(mx::square(difference)), mx::mean(mx::square(expected))))
      .item<float>();
}

mx::array expected_of(const mx::array& x, const mx::array& w) {
  return mx::matmul(wide(x), mx::transpose(wide(w)));
}

TEST(DenseProduct, WeightsOfEveryTypeInEveryOrder) {
  for (const mx::Dtype dtype : {mx::float32, mx::bfloat16, mx::float16}) {
    const mx::array whole = dense_numbers({70, 130}, dtype, 1);
    const mx::array sliced = mx::slice(whole, {3, 2}, {64, 129}, {4, 1});
    const mx::array turned = mx::transpose(dense_numbers({127, 16}, dtype, 2));
    for (const mx::array& w : {sliced, turned}) {
      const mx::array x = mx::transpose(dense_numbers({127, 9}, mx::float32, 3));
      EXPECT_LT(error_of(dense_product(x, w), expected_of(x, w)), 1e-6F);
      const mx::array one = mx::broadcast_to(mx::slice(x, {0, 0}, {1, 127}), {3, 127});
      EXPECT_LT(error_of(dense_product(one, w), expected_of(one, w)), 1e-6F);
    }
  }
}

TEST(DenseProduct, StandsInAGraph) {
  const mx::array w = dense_numbers({40, 128}, mx::bfloat16, 4);
  const mx::array x = dense_numbers({5, 128}, mx::float32, 5);
  const mx::array y = dense_product(mx::multiply(x, mx::array(2.0F)), w);
  EXPECT_EQ(y.shape(), (mx::Shape{5, 40}));
  EXPECT_LT(error_of(mx::add(y, y), expected_of(mx::multiply(x, mx::array(4.0F)), w)), 1e-6F);
}

TEST(DenseProduct, SixteenBitActivationsInAndOut) {
  for (const mx::Dtype dtype : {mx::bfloat16, mx::float16}) {
    const mx::array w = dense_numbers({64, 2048}, mx::float32, 6);
    const mx::array x = dense_numbers({11, 2048}, dtype, 7);
    const mx::array y = dense_product(x, w);
    EXPECT_EQ(y.dtype(), dtype);
    EXPECT_LT(error_of(y, expected_of(x, w)), 3e-3F);
  }
}

TEST(DenseProduct, Mxfp8IsWhatItUnpacksTo) {
  const auto parts = mx::quantize(dense_numbers({50, 256}, mx::float32, 8), 32, 8, "mxfp8");
  const mx::array plain =
      mx::dequantize(parts[0], parts[1], {}, 32, 8, "mxfp8", /*global_scale=*/{}, mx::float32);
  for (const int rows : {1, 3, 20}) {
    const mx::array x = dense_numbers({rows, 256}, mx::float32, 9);
    EXPECT_LT(error_of(mxfp8_product(x, parts[0], parts[1]), expected_of(x, plain)), 1e-6F);
  }
}

TEST(DenseProduct, NoRowsAreNoWork) {
  mx::array y = dense_product(mx::zeros({0, 64}), mx::zeros({16, 64}));
  mx::eval(y);
  EXPECT_EQ(y.shape(), (mx::Shape{0, 16}));
}

TEST(DenseProduct, RefusesWhatDoesNotFit) {
  const mx::array w = mx::zeros({16, 64});
  EXPECT_THROW(dense_product(mx::zeros({2, 128}), w), std::invalid_argument);
  EXPECT_THROW(dense_product(mx::zeros({2, 64}, mx::int32), w), std::invalid_argument);
  EXPECT_THROW(dense_product(mx::zeros({64}), w), std::invalid_argument);
  EXPECT_THROW(mxfp8_product(mx::zeros({2, 64}), mx::zeros({4, 16}, mx::uint32), mx::zeros({4, 2})),
               std::invalid_argument);
}

TEST(DenseProduct, IsCounted) {
  const auto dense = [] {
    std::uint64_t sum = 0;
    for (const KernelCount& count : kernel_counts())
      if (count.operation == "dense_product" && count.path != "generic") sum += count.calls;
    return sum;
  };
  const std::uint64_t before = dense();
  mx::eval(dense_product(mx::zeros({2, 64}), mx::zeros({16, 64})));
  EXPECT_EQ(dense(), before + 1);
}

}  // namespace
}  // namespace hearth::kernels
