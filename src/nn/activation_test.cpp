// Activations against their definitions, in double precision.
#include "nn/activation.h"

#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <numbers>
#include <vector>

namespace hearth::nn {
namespace {

/// `ours` and `textbook` agree from -6 to 6.
void expect_equal(const Activation& ours, const std::function<double(double)>& textbook) {
  std::vector<float> x;
  for (int i = -60; i <= 60; ++i) x.push_back(static_cast<float>(i) / 10.0F);
  mx::array y = ours(mx::array(x.data(), {static_cast<int>(x.size())}, mx::float32));
  mx::eval(y);
  for (std::size_t i = 0; i < x.size(); ++i)
    EXPECT_NEAR(y.data<float>()[i], textbook(double{x[i]}), 2e-6 * (1.0 + std::abs(x[i]))) << x[i];
}

TEST(Activation, FollowsItsDefinition) {
  expect_equal(silu, [](double x) { return x / (1.0 + std::exp(-x)); });
  expect_equal(gelu, [](double x) { return x * 0.5 * std::erfc(-x / std::numbers::sqrt2); });
  expect_equal(gelu_tanh, [](double x) {
    const double slope = std::sqrt(2.0 / std::numbers::pi);
    return 0.5 * x * (1.0 + std::tanh(slope * (x + 0.044715 * x * x * x)));
  });
  expect_equal(relu, [](double x) { return std::max(x, 0.0); });
  expect_equal(relu_squared, [](double x) { return x > 0.0 ? x * x : 0.0; });
  expect_equal(softplus, [](double x) { return std::log1p(std::exp(x)); });
}

TEST(Activation, XieluBendsBothSidesOfItsSlope) {
  const XieluSpec spec{mx::array(0.8F), mx::array(1.3F), mx::array(0.5F), mx::array(-1e-6F)};
  expect_equal([&](const mx::array& x) { return xielu(x, spec); },
               [](double x) {
                 if (x > 0.0) return 0.8 * x * x + 0.5 * x;
                 return 1.3 * (std::expm1(std::min(x, -1e-6)) - x) + 0.5 * x;
               });
}

}  // namespace
}  // namespace hearth::nn
