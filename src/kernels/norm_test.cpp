// Norms against their definitions in double precision.
#include "kernels/norm.h"

#include <cmath>
#include <gtest/gtest.h>
#include <mlx/ops.h>
#include <mlx/random.h>
#include <mlx/transforms.h>
#include <vector>

namespace hearth::kernels {
namespace {

namespace mx = mlx::core;

mx::array random(const mx::Shape& shape, unsigned seed) {
  return mx::random::normal(shape, mx::float32, mx::random::key(seed));
}

std::vector<double> row_of(const mx::array& a, int row) {
  mx::array rows = mx::contiguous(mx::reshape(a, {-1, a.shape(-1)}));
  mx::eval(rows);
  const float* at = rows.data<float>() + static_cast<std::ptrdiff_t>(row) * a.shape(-1);
  return {at, at + a.shape(-1)};
}

std::vector<double> definition(std::vector<double> x, const NormArrays& norm) {
  const auto mean_of = [&](auto term) {
    double sum = 0.0;
    for (const double value : x) sum += term(value);
    return sum / static_cast<double>(x.size());
  };
  const double mean = norm.centred ? mean_of([](double v) { return v; }) : 0.0;
  const double square = mean_of([&](double v) { return (v - mean) * (v - mean); });
  for (std::size_t i = 0; i < x.size(); ++i) {
    x[i] = (x[i] - mean) / std::sqrt(square + double{norm.epsilon});
    if (norm.weight) x[i] *= row_of(*norm.weight, 0)[i];
    if (norm.bias) x[i] += row_of(*norm.bias, 0)[i];
  }
  return x;
}

void expect_norm(const mx::array& found, const mx::array& x, const NormArrays& norm) {
  ASSERT_EQ(found.shape(), x.shape());
  for (int row = 0; row < static_cast<int>(x.size()) / x.shape(-1); row += 3) {
    const auto expected = definition(row_of(x, row), norm);
    const auto values = row_of(found, row);
    for (std::size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(values[i], expected[i], 2e-6 * std::abs(expected[i]) + 2e-6);
  }
}

TEST(Norm, EveryKindAndWidth) {
  for (const int width : {1, 5, 16, 64, 100, 2048})
    for (const bool centred : {false, true})
      for (const bool bias : {false, true}) {
        NormArrays with{.centred = centred, .epsilon = 1e-3F, .weight = random({width}, 1)};
        if (bias) with.bias = random({width}, 2);
        const mx::array x = mx::add(random({7, 3, width}, 3), mx::array(0.5F));
        ASSERT_TRUE(fits_norm(x, with));
        expect_norm(norm(x, with), x, with);
        const mx::array y = random({7, 3, width}, 4);
        const NormedSum both = norm_of_sum(x, y, with);
        EXPECT_TRUE(mx::array_equal(both.sum, mx::add(x, y)).item<bool>());
        expect_norm(both.normed, mx::add(x, y), with);
      }
}

TEST(Norm, TakesArraysAsTheyLie) {
  const NormArrays with{.weight = mx::slice(random({40}, 1), {0}, {40}, {2})};
  const mx::array x = mx::transpose(random({20, 9}, 2));
  const mx::array y = mx::broadcast_to(random({1, 20}, 3), {9, 20});
  expect_norm(norm(x, with), x, with);
  expect_norm(norm_of_sum(x, y, with).normed, mx::add(x, y), with);
}

TEST(Norm, ARowHasTheSameBitsAloneAndInABatch) {
  const mx::array x = random({600, 128}, 1);
  const mx::array all = norm(x, {});
  const auto row = [](const mx::array& a, int i) { return mx::slice(a, {i, 0}, {i + 1, 128}); };
  for (const int i : {0, 3, 599})
    EXPECT_TRUE(mx::array_equal(norm(row(x, i), {}), row(all, i)).item<bool>());
}

TEST(Norm, NoRows) {
  mx::array none = norm(mx::zeros({0, 8}), {});
  mx::eval(none);
  EXPECT_EQ(none.shape(), (mx::Shape{0, 8}));
}

TEST(Norm, OtherTypesAreForOthers) {
  EXPECT_FALSE(fits_norm(mx::zeros({2, 8}, mx::bfloat16), {}));
  EXPECT_FALSE(fits_norm(mx::zeros({2, 8}), {.weight = mx::zeros({2, 8})}));
}

}  // namespace
}  // namespace hearth::kernels
