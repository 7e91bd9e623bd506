// Expected values follow from the formulas, in double precision.
#include "kernels/elementwise.h"

#include <cmath>
#include <gtest/gtest.h>
#include <mlx/ops.h>
#include <mlx/random.h>
#include <mlx/transforms.h>
#include <stdexcept>
#include <vector>

namespace hearth::kernels {
namespace {

namespace mx = mlx::core;

mx::array counted(int rows, int columns) {
  return mx::reshape(mx::arange(0, rows * columns, mx::float32), {rows, columns});
}

std::vector<float> numbers(const mx::array& a) {
  mx::array whole = mx::contiguous(a);
  whole.eval();
  return {whole.data<float>(), whole.data<float>() + whole.size()};
}

double silu(double x) {
  return x / (1.0 + std::exp(-x));
}

double gelu_tanh(double x) {
  return 0.5 * x *
         (1.0 + std::tanh(std::sqrt(2.0 / 3.14159265358979) * (x + 0.044715 * x * x * x)));
}

double relu(double x) {
  return x > 0.0 ? x : 0.0;
}

TEST(Elementwise, SumsNumberByNumberOrARowToEveryRow) {
  const mx::array x = counted(2, 3);
  EXPECT_EQ(numbers(sum(x, x)), (std::vector<float>{0, 2, 4, 6, 8, 10}));
  const mx::array row({10.0F, 20.0F, 30.0F});
  EXPECT_EQ(numbers(sum(x, row)), (std::vector<float>{10, 21, 32, 13, 24, 35}));
}

TEST(Elementwise, ReadsWhatDoesNotLieInOrder) {
  mx::array x = mx::transpose(counted(2, 3));
  x.eval();
  EXPECT_EQ(numbers(sum(x, mx::array({1.0F, 2.0F}))), (std::vector<float>{1, 5, 2, 6, 3, 7}));
  EXPECT_EQ(numbers(scaled(x, 2.0F)), (std::vector<float>{0, 6, 2, 8, 4, 10}));
  EXPECT_EQ(numbers(gated(x, x, Gate::Relu)), (std::vector<float>{0, 9, 1, 16, 4, 25}));
}

TEST(Elementwise, ReachesTheEndOfWhatTakesManyPieces) {
  const int rows = 37;
  const int columns = 1025;
  const auto y = numbers(sum(counted(rows, columns), mx::arange(0, columns, mx::float32)));
  for (int i = 0; i < rows * columns; ++i)
    ASSERT_EQ(y[static_cast<std::size_t>(i)], static_cast<float>(i + i % columns)) << i;
}

TEST(Elementwise, GatesAsTheFormulasSayForAnyCount) {
  struct Case {
    Gate gate;
    double (*formula)(double);
  };
  for (const int count : {1, 16, 17, 40000}) {
    const auto x = mx::multiply(mx::random::normal({count}, mx::float32), mx::array(3.0F));
    const auto up = mx::random::normal({count}, mx::float32);
    const auto from = numbers(x);
    const auto factors = numbers(up);
    for (const auto& [gate, formula] :
         {Case{Gate::Silu, silu}, {Gate::GeluTanh, gelu_tanh}, {Gate::Relu, relu}}) {
      const auto y = numbers(gated(x, up, gate));
      for (std::size_t i = 0; i < y.size(); ++i)
        ASSERT_NEAR(y[i], formula(double{from[i]}) * double{factors[i]}, 2e-5) << i;
    }
  }
}

TEST(Elementwise, NothingGivesNothingAndWrongShapesAreRefused) {
  EXPECT_EQ(sum(mx::zeros({0, 3}), mx::zeros({3})).shape(), (mx::Shape{0, 3}));
  EXPECT_THROW(sum(mx::zeros({2, 3}), mx::zeros({2})), std::invalid_argument);
  EXPECT_THROW(sum(mx::zeros({2, 3}), mx::zeros({2, 3}, mx::float16)), std::invalid_argument);
  EXPECT_THROW(gated(mx::zeros({2}), mx::zeros({3}), Gate::Silu), std::invalid_argument);
  EXPECT_THROW(scaled(mx::zeros({2}, mx::float16), 2.0F), std::invalid_argument);
}

}  // namespace
}  // namespace hearth::kernels
