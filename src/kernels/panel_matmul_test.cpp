// Products against their definition in double precision, and every path against the scalar one bit
// by bit.
#include "kernels/panel_matmul.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <numbers>
#include <random>
#include <vector>

#include "kernels/panel_matrix.h"
#include "kernels/testing/packed_example.h"
#include "kernels/testing/packed_products.h"
#include "kernels/testing/rows.h"

namespace hearth::kernels {
namespace {

using testing::kInfinity;
using testing::Layout;
using testing::packed_example;
using testing::PackedExample;
using testing::product;
using testing::random_rows;
using testing::same_bits;

ThreadPool& pool() {
  return testing::three_threads();
}

/// [rows, N] in double precision.
std::vector<double> definition(const PackedExample& w, const std::vector<float>& x) {
  std::vector<double> y;
  for (std::size_t row = 0; row < x.size(); row += static_cast<std::size_t>(w.width))
    for (int n = 0; n < w.outputs; ++n) {
      double sum = 0.0;
      for (int k = 0; k < w.width; ++k)
        sum += double{x[row + static_cast<std::size_t>(k)]} *
               w.dense[static_cast<std::size_t>(std::int64_t{n} * w.width + k)];
      y.push_back(sum);
    }
  return y;
}

/// Root of the mean square of the difference, relative to that of the expected numbers.
double relative_error(const std::vector<float>& found, const std::vector<double>& expected) {
  double difference = 0.0;
  double size = 0.0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    difference += std::pow(found[i] - expected[i], 2);
    size += std::pow(expected[i], 2);
  }
  return std::sqrt(difference / size);
}

class PanelMatmul : public ::testing::TestWithParam<Layout> {};

TEST_P(PanelMatmul, ScalarAgreesWithTheDefinition) {
  const PackedExample w = packed_example(GetParam(), 37, 4 * GetParam().group, 1);
  const auto x = random_rows(3, w.width, 2);
  const auto expected = definition(w, x);
  const auto error = [&](int digits) {
    return relative_error(product(w, x, {CpuPath::Scalar, pool(), digits}), expected);
  };
  EXPECT_LT(error(3), 5e-7);
  EXPECT_LT(error(2), 1e-4);
  EXPECT_LT(error(1), 2e-2);
}

TEST_P(PanelMatmul, EveryPathGivesTheScalarsBits) {
  std::mt19937 random(5);
  for (unsigned round = 0; round < 12; ++round) {
    // One group, a few, and more than are unpacked at a time.
    const int groups = round % 3 == 0 ? 1 : static_cast<int>(1 + random() % (round == 1 ? 90 : 20));
    const int outputs = static_cast<int>(1 + random() % 100);
    const int rows = static_cast<int>(1 + random() % (round % 2 == 0 || groups > 20 ? 10 : 70));
    if (groups * GetParam().group % 32 != 0) continue;  // no whole words: no such matrix
    const PackedExample w = packed_example(GetParam(), outputs, groups * GetParam().group, round);
    const auto x = random_rows(rows, w.width, round);
    const int digits = 3 - static_cast<int>(round / 2 % 3);
    const auto expected = product(w, x, {CpuPath::Scalar, pool(), digits});
    for (const CpuPath path : machine_paths())
      EXPECT_TRUE(same_bits(product(w, x, {path, pool(), digits}), expected))
          << name(path) << ": digits " << digits << ", N " << outputs << ", K " << w.width
          << ", rows " << rows;
  }
}

TEST_P(PanelMatmul, ARowHasTheSameBitsAloneAndInABatch) {
  const PackedExample w = packed_example(GetParam(), 83, 8 * GetParam().group, 3);
  const auto x = random_rows(70, w.width, 4);
  for (const CpuPath path : machine_paths()) {
    const auto all = product(w, x, path);
    for (const int row : {0, 7, 8, 41, 69}) {
      const auto at = x.begin() + row * w.width;
      const auto alone = product(w, {at, at + w.width}, path);
      const auto expected = all.begin() + row * w.outputs;
      EXPECT_TRUE(same_bits(alone, {expected, expected + w.outputs})) << name(path) << " " << row;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, PanelMatmul, ::testing::ValuesIn(testing::every_layout()),
                         testing::layout_name);

TEST(PanelProduct, ThreadsDoNotChangeBits) {
  ThreadPool one(1);
  ThreadPool seven(7);
  const PackedExample w = packed_example({4, 64, ScaleType::BF16}, 700, 1024, 9);
  for (const int rows : {1, 5, 40, 530}) {
    const auto x = random_rows(rows, w.width, 10);
    const auto expected = product(w, x, {machine_paths().back(), one});
    EXPECT_TRUE(same_bits(product(w, x, {machine_paths().back(), seven}), expected)) << rows;
  }
}

TEST(PanelProduct, ActivationsOfEverySizeStayFinite) {
  for (const float size : {0.0F, 1e-42F, 1e-38F, 1e-20F, 1e20F, 1e34F}) {
    const PackedExample w = packed_example({4, 64, ScaleType::F32}, 20, 256, 11);
    auto x = random_rows(2, w.width, 12);
    for (float& value : x) value *= size;
    const auto expected = product(w, x, CpuPath::Scalar);
    for (const float value : expected) EXPECT_TRUE(std::isfinite(value)) << size;
    if (size > 1e-25F) EXPECT_LT(relative_error(expected, definition(w, x)), 5e-7) << size;
    for (const CpuPath path : machine_paths())
      EXPECT_TRUE(same_bits(product(w, x, path), expected)) << name(path) << " " << size;
  }
}

TEST(PanelProduct, OutliersCostOnlyTheirOwnGroup) {
  const PackedExample w = packed_example({4, 64, ScaleType::F32}, 20, 512, 13);
  auto x = random_rows(1, w.width, 14);
  const auto before = definition(w, x);
  x[70] = 3000.0F;
  const auto y = product(w, x, CpuPath::Scalar);
  const auto expected = definition(w, x);
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_NEAR(y[i], expected[i], 1e-3 * std::abs(before[i]) + 1e-3);
}

TEST(PanelProduct, WhatIsNoNumberStaysInItsRow) {
  for (const float odd : {std::nanf(""), kInfinity, -kInfinity})
    for (const CpuPath path : machine_paths()) {
      const PackedExample w = packed_example({4, 64, ScaleType::F32}, 20, 256, 15);
      auto x = random_rows(3, w.width, 16);
      const auto clean = product(w, x, path);
      x[256 + 99] = odd;
      const auto y = product(w, x, path);
      for (std::size_t i = 0; i < y.size(); ++i) {
        if (i / 20 == 1)
          EXPECT_TRUE(std::isnan(y[i]));
        else
          EXPECT_EQ(y[i], clean[i]);
      }
    }
}

TEST_P(PanelMatmul, RowsAreWhatTheMatrixHolds) {
  const PackedExample w = packed_example(GetParam(), 37, 4 * GetParam().group, 6);
  const auto panels = PanelMatrix::pack(w.view());
  std::vector<float> row(static_cast<std::size_t>(w.width));
  for (const int n : {0, 15, 16, 36}) {
    panel_row(panels->view(), n, row.data());
    for (int k = 0; k < w.width; ++k) {
      const double expected = w.dense[static_cast<std::size_t>(std::int64_t{n} * w.width + k)];
      EXPECT_NEAR(row[static_cast<std::size_t>(k)], expected, 1e-6 * std::abs(expected) + 1e-6);
    }
  }
}

void joint(const std::vector<PanelTask>& tasks, const std::vector<float>& x, CpuPath path) {
  const int width = tasks.front().layer.w.layout.width;
  panel_matmul(tasks, {x.data(), FloatType::F32, width, static_cast<int>(std::ssize(x)) / width},
               {path, pool()});
}

TEST(PanelProduct, SeveralAtOnceAreEachByItself) {
  const PackedExample first = packed_example({4, 64, ScaleType::BF16}, 83, 512, 21);
  const PackedExample second = packed_example({6, 64, ScaleType::F16}, 20, 512, 22);
  const auto a = PanelMatrix::pack(first.view());
  const auto b = PanelMatrix::pack(second.view());
  for (const int rows : {1, 8, 9, 40})
    for (const CpuPath path : machine_paths()) {
      const auto x = random_rows(rows, 512, 23);
      const auto count = static_cast<std::size_t>(rows);
      std::vector<float> ya(count * 83), yb(count * 20);
      joint({{.layer = {a->view()}, .y = ya.data()}, {.layer = {b->view()}, .y = yb.data()}}, x,
            path);
      EXPECT_TRUE(same_bits(ya, product(first, x, path))) << rows;
      EXPECT_TRUE(same_bits(yb, product(second, x, path))) << rows;
    }
}

/// In double precision, from the definitions.
double gated(Gate gate, double x) {
  if (gate == Gate::Relu) return std::max(x, 0.0);
  if (gate == Gate::Silu) return x / (1.0 + std::exp(-x));
  const double inner = std::sqrt(2.0 / std::numbers::pi) * (x + 0.044715 * x * x * x);
  return 0.5 * x * (1.0 + std::tanh(inner));
}

TEST(PanelProduct, GatesAreTheirDefinitions) {
  const PackedExample w = packed_example({4, 64, ScaleType::F32}, 70, 256, 24);
  const PackedExample u = packed_example({4, 64, ScaleType::F32}, 70, 256, 25);
  const auto a = PanelMatrix::pack(w.view());
  const auto b = PanelMatrix::pack(u.view());
  std::vector<float> bias(70), shift(70);
  for (std::size_t n = 0; n < 70; ++n) {
    bias[n] = static_cast<float>(n) * 0.1F - 3.0F;
    shift[n] = 2.0F - static_cast<float>(n) * 0.05F;
  }
  for (const Gate gate : {Gate::Silu, Gate::GeluTanh, Gate::Relu})
    for (const int rows : {1, 9}) {
      const auto x = random_rows(rows, 256, 26);
      const auto gates = definition(w, x);
      const auto ups = definition(u, x);
      std::vector<double> expected(gates.size());
      for (std::size_t i = 0; i < gates.size(); ++i)
        expected[i] = gated(gate, gates[i] + bias[i % 70]) * (ups[i] + shift[i % 70]);
      std::vector<float> first;
      for (const CpuPath path : machine_paths()) {
        std::vector<float> y(gates.size());
        joint({{.layer = {a->view(), bias.data()},
                .up = PanelLinear{b->view(), shift.data()},
                .gate = gate,
                .y = y.data()}},
              x, path);
        EXPECT_LT(relative_error(y, expected), 2e-6) << name(path);
        if (first.empty()) first = y;
        EXPECT_TRUE(same_bits(y, first)) << name(path);
      }
    }
}

TEST(PanelProduct, GatesOfNumbersOfEverySize) {
  std::vector<float> sizes;
  for (float x = 1e-30F; x < 1e30F; x *= 1.7F) sizes.insert(sizes.end(), {x, -x});
  while (sizes.size() % 16 != 0) sizes.push_back(0.0F);
  const std::vector<float> ones(sizes.size(), 1.0F);
  for (const CpuPath path : machine_paths())
    for (const Gate gate : {Gate::Silu, Gate::GeluTanh}) {
      auto found = sizes;
      panel_path(path).apply_gate(gate, found.data(), ones.data(),
                                  static_cast<int>(std::ssize(found)));
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        const double expected = gated(gate, double{sizes[i]});
        EXPECT_NEAR(found[i], expected, 1e-6 * std::abs(expected) + 1e-7) << sizes[i];
      }
    }
}

}  // namespace
}  // namespace hearth::kernels
