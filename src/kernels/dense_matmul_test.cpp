// The scalar product against its definition in double precision, and every path against it bit
// by bit.
#include "kernels/dense_matmul.h"

#include <bit>
#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "kernels/testing/dense_example.h"
#include "kernels/testing/rows.h"
#include "kernels/testing/three_threads.h"

namespace hearth::kernels {
namespace {

using testing::dense_example;
using testing::DenseExample;
using testing::kInfinity;
using testing::random_rows;
using testing::same_bits;
using testing::three_threads;

std::vector<float> product(const DenseExample& w, const std::vector<float>& x, CpuPath path,
                           ThreadPool& pool = three_threads()) {
  const int rows = static_cast<int>(std::ssize(x)) / w.width;
  std::vector<float> y(static_cast<std::size_t>(rows) * static_cast<std::size_t>(w.outputs), -1.0F);
  const DenseProduct task{w.view(), {x.data(), FloatType::F32, w.width, rows}, y.data()};
  dense_matmul({&task, 1}, path, pool);
  return y;
}

/// [rows, N] in double precision, and how large the sums of the sizes are.
struct Definition {
  std::vector<double> y;
  std::vector<double> sizes;
};

Definition definition(const DenseExample& w, const std::vector<float>& x) {
  Definition result;
  const auto width = static_cast<std::size_t>(w.width);
  for (std::size_t row = 0; row < x.size(); row += width)
    for (std::size_t n = 0; n < static_cast<std::size_t>(w.outputs); ++n) {
      double sum = 0.0;
      double size = 0.0;
      for (std::size_t k = 0; k < width; ++k) {
        const double part = double{x[row + k]} * w.numbers[n * width + k];
        sum += part;
        size += std::abs(part);
      }
      result.y.push_back(sum);
      result.sizes.push_back(size);
    }
  return result;
}

class Dense : public ::testing::TestWithParam<WeightType> {
 protected:
  /// A width that the type allows.
  int width(int wanted) const {
    return GetParam() == WeightType::Mxfp8 ? (wanted + 31) / 32 * 32 : wanted;
  }
};

TEST_P(Dense, ScalarAgreesWithTheDefinition) {
  for (const int inputs : {1, 15, 16, 100, 1100}) {
    const DenseExample w = dense_example(GetParam(), 37, width(inputs), 1);
    const auto x = random_rows(3, w.width, 2);
    const auto expected = definition(w, x);
    const auto y = product(w, x, CpuPath::Scalar);
    for (std::size_t i = 0; i < y.size(); ++i)
      ASSERT_NEAR(y[i], expected.y[i], 1e-6 * expected.sizes[i]) << inputs << " " << i;
  }
}

TEST_P(Dense, EveryPathGivesTheScalarsBits) {
  std::mt19937 random(5);
  for (unsigned round = 0; round < 24; ++round) {
    // Less than a register, some, and more than are widened at a time.
    const int most = round % 3 == 0 ? 40 : 300;
    const int inputs = width(static_cast<int>(1 + random() % (round == 1 ? 1200U : most)));
    const int outputs = static_cast<int>(1 + random() % 130U);
    const int rows = static_cast<int>(1 + random() % (round % 2 == 0 ? 9U : 150U));
    const DenseExample w = dense_example(GetParam(), outputs, inputs, round);
    const auto x = random_rows(rows, w.width, round);
    const auto expected = product(w, x, CpuPath::Scalar);
    for (const CpuPath path : machine_paths())
      EXPECT_TRUE(same_bits(product(w, x, path), expected))
          << name(path) << ": N " << outputs << ", K " << inputs << ", rows " << rows;
  }
}

TEST_P(Dense, ARowHasTheSameBitsAloneAndInABatch) {
  const DenseExample w = dense_example(GetParam(), 83, width(700), 3);
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

TEST_P(Dense, EveryNumberOfRows) {
  const DenseExample w = dense_example(GetParam(), 50, width(65), 5);
  for (int rows = 1; rows <= 20; ++rows) {
    const auto x = random_rows(rows, w.width, 6);
    const auto expected = product(w, x, CpuPath::Scalar);
    for (const CpuPath path : machine_paths())
      EXPECT_TRUE(same_bits(product(w, x, path), expected)) << name(path) << " " << rows;
  }
}

std::string type_name(const ::testing::TestParamInfo<WeightType>& info) {
  static constexpr const char* kNames[] = {"f32", "bf16", "f16", "mxfp8"};
  return kNames[static_cast<int>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Types, Dense,
                         ::testing::Values(WeightType::F32, WeightType::BF16, WeightType::F16,
                                           WeightType::Mxfp8),
                         type_name);

TEST(DenseMatmul, ThreadsDoNotChangeBits) {
  ThreadPool one(1);
  ThreadPool seven(7);
  const CpuPath path = machine_paths().back();
  const DenseExample w = dense_example(WeightType::BF16, 700, 1024, 9);
  for (const int rows : {1, 5, 40, 530}) {
    const auto x = random_rows(rows, w.width, 10);
    EXPECT_TRUE(same_bits(product(w, x, path, seven), product(w, x, path, one))) << rows;
  }
}

TEST(DenseMatmul, SeveralProductsAtOnce) {
  std::vector<DenseExample> weights;
  std::vector<std::vector<float>> x, y, expected;
  for (const int rows : {1, 600, 3, 9, 1, 40}) {
    const auto seed = static_cast<unsigned>(x.size());
    weights.push_back(dense_example(seed % 2 == 0 ? WeightType::F16 : WeightType::F32,
                                    20 + static_cast<int>(seed), 100, seed));
    x.push_back(random_rows(rows, 100, seed));
    expected.push_back(product(weights.back(), x.back(), CpuPath::Scalar));
    y.emplace_back(expected.back().size());
  }
  for (const CpuPath path : machine_paths()) {
    std::vector<DenseProduct> tasks;
    tasks.reserve(x.size());
    for (std::size_t i = 0; i < x.size(); ++i)
      tasks.push_back({weights[i].view(),
                       {x[i].data(), FloatType::F32, 100, static_cast<int>(x[i].size() / 100)},
                       y[i].data()});
    dense_matmul(tasks, path, three_threads());
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_TRUE(same_bits(y[i], expected[i])) << i;
  }
  dense_matmul({}, CpuPath::Scalar, three_threads());
}

TEST(DenseMatmul, WhatIsNoNumberSpreadsAsInAnyProduct) {
  for (const CpuPath path : machine_paths())
    for (const float odd : {std::nanf(""), kInfinity, -kInfinity}) {
      const DenseExample w = dense_example(WeightType::BF16, 20, 101, 15);
      auto x = random_rows(3, w.width, 16);
      const auto clean = product(w, x, path);
      x[101 + 100] = odd;  // the last input of the second row
      const auto y = product(w, x, path);
      for (std::size_t i = 0; i < y.size(); ++i) {
        const double weight = w.numbers[(i % 20) * 101 + 100];
        if (i / 20 != 1)
          EXPECT_EQ(y[i], clean[i]);
        else if (std::isnan(odd))
          EXPECT_TRUE(std::isnan(y[i]));
        else
          EXPECT_EQ(y[i], weight > 0 ? odd : -odd);
      }
    }
}

TEST(DenseMatmul, SmallestAndLargestWeightsKeepTheirValue) {
  struct Case {
    WeightType type;
    std::uint16_t bits;
    float value;
  };
  // Definitions of the formats: subnormal numbers, the largest ones, infinities.
  for (const Case& c :
       {Case{WeightType::BF16, 0x0001, 0x1p-133F}, Case{WeightType::BF16, 0x7F7F, 0x1.FEp127F},
        Case{WeightType::BF16, 0xFF80, -kInfinity}, Case{WeightType::F16, 0x0001, 0x1p-24F},
        Case{WeightType::F16, 0x8001, -0x1p-24F}, Case{WeightType::F16, 0x7BFF, 65504.0F},
        Case{WeightType::F16, 0x7C00, kInfinity}})
    for (const int rows : {1, 9})
      for (const CpuPath path : machine_paths()) {
        const std::vector<std::uint16_t> weights(3, c.bits);
        const std::vector<float> x(static_cast<std::size_t>(rows), 1.0F);
        std::vector<float> y(static_cast<std::size_t>(rows) * 3);
        const DenseProduct task{{.data = weights.data(),
                                 .stride = 1,
                                 .scales = nullptr,
                                 .scale_stride = 0,
                                 .type = c.type,
                                 .outputs = 3,
                                 .width = 1},
                                {x.data(), FloatType::F32, 1, rows},
                                y.data()};
        dense_matmul({&task, 1}, path, three_threads());
        for (const float value : y) EXPECT_EQ(value, c.value) << name(path);
      }
}

TEST(DenseMatmul, ActivationsOfSixteenBitsInAndOut) {
  const DenseExample w = dense_example(WeightType::F32, 30, 50, 17);
  // 1.5 and its multiples are numbers of both formats: the same sums come out, rounded.
  const std::vector<std::uint16_t> bf16(50, 0x3FC0);
  const std::vector<std::uint16_t> f16(50, 0x3E00);
  const auto exact = product(w, std::vector<float>(50, 1.5F), CpuPath::Scalar);
  std::vector<std::uint16_t> y(30);
  for (const CpuPath path : machine_paths()) {
    const DenseProduct narrow{w.view(), {bf16.data(), FloatType::BF16, 50, 1}, y.data()};
    dense_matmul({&narrow, 1}, path, three_threads());
    for (std::size_t i = 0; i < y.size(); ++i)
      EXPECT_NEAR(testing::float_value(y[i], 8, 7), exact[i], std::abs(exact[i]) / 256);
    const DenseProduct half{w.view(), {f16.data(), FloatType::F16, 50, 1}, y.data()};
    dense_matmul({&half, 1}, path, three_threads());
    for (std::size_t i = 0; i < y.size(); ++i)
      EXPECT_NEAR(testing::float_value(y[i], 5, 10), exact[i], std::abs(exact[i]) / 2048);
  }
}

TEST(DenseMatmul, NoInputsGiveZeros) {
  for (const CpuPath path : machine_paths())
    for (const int rows : {1, 12}) {
      std::vector<float> y(static_cast<std::size_t>(rows) * 5, 7.0F);
      const DenseProduct task{{.data = nullptr,
                               .stride = 0,
                               .scales = nullptr,
                               .scale_stride = 0,
                               .type = WeightType::F32,
                               .outputs = 5,
                               .width = 0},
                              {nullptr, FloatType::F32, 0, rows},
                              y.data()};
      dense_matmul({&task, 1}, path, three_threads());
      EXPECT_EQ(y, std::vector<float>(y.size(), 0.0F));
    }
}

}  // namespace
}  // namespace hearth::kernels
