// The MLX operation: arrays of every stride and type, against unpacking and multiplying.
#include "kernels/panel_product.h"

#include <gtest/gtest.h>
#include <mlx/ops.h>
#include <mlx/random.h>
#include <mlx/transforms.h>
#include <stdexcept>

#include "kernels/testing/finest_activations.h"

namespace hearth::kernels {
namespace {

namespace mx = mlx::core;

struct Packed {
  mx::array codes;
  mx::array scales;
  std::optional<mx::array> biases;

  PackedArrays arrays() const { return {codes, scales, biases}; }
};

Packed packed(int outputs, int width, mx::Dtype dtype = mx::float32) {
  const mx::array plain = mx::random::normal({outputs, width}, dtype, mx::random::key(1));
  const auto parts = mx::quantize(plain, 64, 4);
  return {parts[0], parts[1], parts[2]};
}

mx::array product(const mx::array& x, const PackedArrays& w) {
  const auto panels = panels_of(w, 4, 64);
  return panel_products(x, {{.layer = {.weight = panels, .outputs = panels->outputs()}}}).front();
}

/// Root of the mean square of the difference, relative to that of the expected numbers.
float error_of(const mx::array& y, const mx::array& x, const Packed& w) {
  const mx::array wide = mx::astype(x, mx::float32);
  const auto as_f32 = [](const mx::array& a) { return mx::astype(a, mx::float32); };
  const mx::array plain = mx::dequantize(w.codes, as_f32(w.scales), as_f32(*w.biases), 64, 4);
  const mx::array expected = mx::matmul(wide, mx::transpose(plain));
  const mx::array difference = mx::subtract(mx::astype(y, mx::float32), expected);
  return mx::sqrt(mx::divide(mx::mean(mx::square(difference)), mx::mean(mx::square(expected))))
      .item<float>();
}

TEST(PanelProducts, ComputesWhereItsInputsAreComputedToo) {
  const Packed w = packed(40, 128);
  const mx::array x = mx::random::normal({5, 128}, mx::float32, mx::random::key(2));
  const mx::array y = product(mx::multiply(x, mx::array(2.0F)), w.arrays());
  EXPECT_EQ(y.shape(), (mx::Shape{5, 40}));
  EXPECT_LT(error_of(mx::add(y, y), mx::multiply(x, mx::array(4.0F)), w), 1e-6F);
}

TEST(PanelProducts, TakesArraysAsTheyLie) {
  const Packed whole = packed(64, 256);
  const auto cut = [](const mx::array& a) {
    return mx::slice(a, {3, 0}, {64, a.shape(1)}, {4, 1});
  };
  const auto turned = [](const mx::array& a) {
    return mx::transpose(mx::contiguous(mx::transpose(a)));
  };
  const Packed sliced{cut(whole.codes), cut(whole.scales), turned(cut(*whole.biases))};
  const mx::array x = mx::transpose(mx::random::normal({256, 9}, mx::float32, mx::random::key(3)));
  EXPECT_LT(error_of(product(x, sliced.arrays()), x, sliced), 1e-6F);
  EXPECT_LT(
      error_of(product(mx::broadcast_to(mx::slice(x, {0, 0}, {1, 256}), {3, 256}), sliced.arrays()),
               mx::broadcast_to(mx::slice(x, {0, 0}, {1, 256}), {3, 256}), sliced),
      1e-6F);
}

TEST(PanelProducts, SixteenBitsInAndOut) {
  for (const mx::Dtype dtype : {mx::bfloat16, mx::float16}) {
    const Packed w = packed(64, 2048, dtype);
    const mx::array x = mx::random::normal({11, 2048}, dtype, mx::random::key(4));
    const mx::array y = product(x, w.arrays());
    EXPECT_EQ(y.dtype(), dtype);
    EXPECT_LT(error_of(y, x, w), 3e-3F);
  }
}

TEST(PanelProducts, NoRowsAreNoWork) {
  const Packed w = packed(16, 64);
  mx::array y = product(mx::zeros({0, 64}), w.arrays());
  mx::eval(y);
  EXPECT_EQ(y.shape(), (mx::Shape{0, 16}));
}

TEST(PanelProducts, RefusesWhatDoesNotFit) {
  const Packed w = packed(16, 64);
  EXPECT_THROW(product(mx::zeros({2, 128}), w.arrays()), std::invalid_argument);
  EXPECT_THROW(product(mx::zeros({2, 64}, mx::int32), w.arrays()), std::invalid_argument);
}

TEST(PanelProducts, PackingsThatPanelsDoNotHold) {
  const Packed w = packed(16, 64);
  EXPECT_EQ(panels_of(w.arrays(), 4, 64)->outputs(), 16);
  EXPECT_EQ(panels_of({w.codes, w.scales, mx::astype(*w.biases, mx::float16)}, 4, 64), nullptr);
  EXPECT_EQ(panels_of({mx::astype(w.codes, mx::int32), w.scales, w.biases}, 4, 64), nullptr);
}

TEST(PanelProducts, PartsOfAMatrixBySeveralLayers) {
  const Packed w = packed(64, 128);
  const auto panels = panels_of(w.arrays(), 4, 64);
  const mx::array x = mx::random::normal({5, 128}, mx::float32, mx::random::key(5));
  const auto parts = panel_products(x, {{.layer = {.weight = panels, .first = 0, .outputs = 32}},
                                        {.layer = {.weight = panels, .first = 32, .outputs = 32}}});
  EXPECT_TRUE(mx::array_equal(mx::concatenate(parts, 1), product(x, w.arrays())).item<bool>());
  EXPECT_THROW(panel_products(x, {{.layer = {.weight = panels, .first = 8, .outputs = 16}}}),
               std::invalid_argument);
  EXPECT_THROW(panel_products(x, {{.layer = {.weight = panels, .first = 48, .outputs = 32}}}),
               std::invalid_argument);
}

TEST(PanelProducts, RowsOfAMatrix) {
  const Packed w = packed(40, 128);
  const auto panels = panels_of(w.arrays(), 4, 64);
  const mx::array plain = mx::dequantize(w.codes, w.scales, w.biases, 64, 4);
  const mx::array ids({39, 0, 7}, mx::int32);
  EXPECT_TRUE(mx::allclose(panel_rows(panels, ids), mx::take(plain, ids, 0), 1e-6).item<bool>());
  EXPECT_TRUE(
      mx::array_equal(panel_rows(panels, mx::array({-1, 40}, mx::int32)), mx::zeros({2, 128}))
          .item<bool>());
}

}  // namespace
}  // namespace hearth::kernels
