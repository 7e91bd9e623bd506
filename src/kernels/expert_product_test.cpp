// The MLX operation against each row's own product.
#include "kernels/expert_product.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <mlx/ops.h>
#include <mlx/random.h>
#include <mlx/transforms.h>
#include <random>
#include <stdexcept>
#include <vector>

#include "kernels/dense_product.h"
#include "kernels/panel_product.h"

namespace hearth::kernels {
namespace {

namespace mx = mlx::core;

constexpr int kExperts = 5;
constexpr int kOutputs = 37;
constexpr int kWidth = 70;

mx::array expert_numbers(const mx::Shape& shape, mx::Dtype dtype, unsigned seed) {
  return mx::astype(mx::random::normal(shape, mx::float32, mx::random::key(seed)), dtype);
}

/// Expert 3 has no rows.
std::vector<std::uint32_t> some_experts(int rows, bool sorted) {
  std::mt19937 random(static_cast<unsigned>(rows));
  std::vector<std::uint32_t> experts;
  for (int row = 0; row < rows; ++row) {
    const std::uint32_t expert = random() % kExperts;
    experts.push_back(expert == 3 ? 0 : expert);
  }
  if (sorted) std::ranges::sort(experts);
  return experts;
}

mx::array array_of(const std::vector<std::uint32_t>& experts) {
  return mx::array(experts.data(), {static_cast<int>(experts.size())}, mx::uint32);
}

/// Each row alone, with its own expert's matrix.
mx::array row_by_row(const mx::array& x, const mx::array& w,
                     const std::vector<std::uint32_t>& experts) {
  std::vector<mx::array> rows;
  for (int row = 0; row < x.shape(0); ++row) {
    const mx::array one = mx::slice(x, {row, 0}, {row + 1, x.shape(1)});
    const auto expert = static_cast<int>(experts[static_cast<std::size_t>(row)]);
    rows.push_back(dense_product(one, mx::take(w, expert, 0)));
  }
  return mx::concatenate(rows, 0);
}

bool same(const mx::array& a, const mx::array& b) {
  return mx::array_equal(a, b).item<bool>();
}

TEST(ExpertProduct, EveryRowMeetsItsOwnExpertBitByBit) {
  for (const mx::Dtype dtype : {mx::float32, mx::bfloat16, mx::float16})
    for (const int rows : {1, 8, 13, 90})
      for (const bool sorted : {false, true}) {
        const mx::array w = expert_numbers({kExperts, kOutputs, kWidth}, dtype, 1);
        const mx::array x = expert_numbers({rows, kWidth}, mx::float32, 2);
        const auto experts = some_experts(rows, sorted);
        EXPECT_TRUE(same(expert_product(x, w, array_of(experts)), row_by_row(x, w, experts)))
            << rows << (sorted ? " sorted" : "");
      }
}

TEST(ExpertProduct, PackedMatricesGiveEachRowsOwnProduct) {
  const mx::array plain = expert_numbers({kExperts, kOutputs, 128}, mx::float32, 8);
  ExpertPanels panels;
  for (int expert = 0; expert < kExperts; ++expert) {
    const auto parts = mx::quantize(mx::take(plain, expert, 0), 64, 4);
    panels.push_back(panels_of({parts[0], parts[1], parts[2]}, 4, 64));
  }
  const auto stack = std::make_shared<const ExpertPanels>(panels);
  for (const int rows : {1, 8, 13, 90, 1100})
    for (const bool sorted : {false, true}) {
      const mx::array x = expert_numbers({rows, 128}, mx::float32, 9);
      const auto experts = some_experts(rows, sorted);
      std::vector<mx::array> alone;
      for (int row = 0; row < rows; ++row) {
        const auto& w = panels[experts[static_cast<std::size_t>(row)]];
        alone.push_back(panel_products(mx::slice(x, {row, 0}, {row + 1, 128}),
                                       {{.layer = {.weight = w, .outputs = kOutputs}}})
                            .front());
      }
      EXPECT_TRUE(same(expert_product(x, stack, array_of(experts)), mx::concatenate(alone, 0)))
          << rows << (sorted ? " sorted" : "");
    }
}

TEST(ExpertProduct, Mxfp8IsWhatItUnpacksTo) {
  const auto parts =
      mx::quantize(expert_numbers({kExperts, kOutputs, 64}, mx::float32, 10), 32, 8, "mxfp8");
  const mx::array plain =
      mx::dequantize(parts[0], parts[1], {}, 32, 8, "mxfp8", /*global_scale=*/{}, mx::float32);
  const mx::array x = expert_numbers({30, 64}, mx::float32, 11);
  const mx::array experts = array_of(some_experts(30, false));
  EXPECT_TRUE(same(mxfp8_expert_product(x, parts[0], parts[1], experts),
                   expert_product(x, plain, experts)));
}

TEST(ExpertProduct, AgreesWithTheDefinition) {
  const mx::array w = expert_numbers({kExperts, kOutputs, kWidth}, mx::bfloat16, 3);
  const mx::array x = expert_numbers({40, kWidth}, mx::float32, 4);
  const mx::array experts = array_of(some_experts(40, false));
  const mx::array own = mx::take(mx::astype(w, mx::float32), experts, 0);  // [R, N, K]
  const mx::array expected = mx::sum(mx::multiply(own, mx::expand_dims(x, 1)), -1);
  EXPECT_TRUE(mx::allclose(expert_product(x, w, experts), expected, 1e-5, 1e-5).item<bool>());
}

TEST(ExpertProduct, TakesArraysAsTheyLie) {
  const mx::array turned =
      mx::swapaxes(expert_numbers({kExperts, kWidth, kOutputs}, mx::float16, 5), 1, 2);
  const mx::array cut = mx::slice(expert_numbers({kExperts, 3 * kOutputs, kWidth}, mx::float32, 6),
                                  {0, 1, 0}, {kExperts, 3 * kOutputs, kWidth}, {1, 3, 1});
  const mx::array x = mx::transpose(expert_numbers({kWidth, 11}, mx::float32, 7));
  const auto experts = some_experts(11, false);
  for (const mx::array& w : {turned, cut})
    EXPECT_TRUE(same(expert_product(x, w, array_of(experts)), row_by_row(x, w, experts)));
}

TEST(ExpertProduct, NoRowsAreNoWork) {
  mx::array y = expert_product(mx::zeros({0, 8}), mx::zeros({2, 3, 8}), mx::zeros({0}, mx::int32));
  mx::eval(y);
  EXPECT_EQ(y.shape(), (mx::Shape{0, 3}));
}

TEST(ExpertProduct, RefusesWhatDoesNotFit) {
  const mx::array w = mx::zeros({2, 3, 8});
  const mx::array one = mx::zeros({1}, mx::uint32);
  EXPECT_THROW(expert_product(mx::zeros({1, 7}), w, one), std::invalid_argument);
  EXPECT_THROW(expert_product(mx::zeros({2, 8}), w, one), std::invalid_argument);
  EXPECT_THROW(expert_product(mx::zeros({1, 8}), mx::zeros({3, 8}), one), std::invalid_argument);
}

}  // namespace
}  // namespace hearth::kernels
