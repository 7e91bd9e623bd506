// Functions that the machine at hand would not choose: AMX's path on modelled tiles, and both ways
// in which the AVX2 path multiplies. All of them give the scalar path's bits.
#include <algorithm>
#include <cstdio>
#include <gtest/gtest.h>
#include <random>
#include <vector>

#include "kernels/cpu.h"
#include "kernels/testing/modelled_tiles.h"
#include "kernels/testing/packed_products.h"
#include "kernels/testing/rows.h"

namespace hearth::kernels {
namespace {

using testing::Layout;
using testing::packed_example;
using testing::PackedExample;
using testing::product;
using testing::random_rows;
using testing::same_bits;
using testing::three_threads;

bool can_run(CpuPath path) {
  return std::ranges::find(machine_paths(), path) != machine_paths().end();
}

struct Variant {
  const char* name;
  const PanelPath* functions;
};

/// Those that this machine has the instructions for.
std::vector<Variant> variants() {
  std::vector<Variant> all;
  if (can_run(CpuPath::Avx2)) all.push_back({"pairs of products", &kPanelAvx2});
  if (can_run(CpuPath::Avx512)) {
    all.push_back({"AVX-VNNI", &testing::kPanelAvx2VnniOfAvx512});
    all.push_back({"modelled tiles", &testing::kPanelModelledTiles});
  }
  return all;
}

/// No rule of the tiles was broken, and no thread has kept its tiles.
void expect_clean_tiles() {
  const char* broken = testing::broken_tile_rule();
  EXPECT_EQ(broken, nullptr) << broken;
  EXPECT_EQ(testing::threads_with_tiles(), 0);
}

class PanelFunctions : public ::testing::TestWithParam<Layout> {
 protected:
  void SetUp() override {
    if (variants().empty()) GTEST_SKIP() << "this machine has no AVX2";
    if (!can_run(CpuPath::Avx512))
      std::puts("this machine has no AVX-512: AVX-VNNI and tiles are not computed");
  }

  /// Every variant, with one to three digits.
  static void expect_scalar_bits(const PackedExample& w, int rows, unsigned seed) {
    const auto x = random_rows(rows, w.width, seed);
    for (int digits = 1; digits <= kMostDigits; ++digits) {
      const auto expected = product(w, x, {CpuPath::Scalar, three_threads(), digits});
      for (const Variant& variant : variants()) {
        const Means means{CpuPath::Scalar, three_threads(), digits, variant.functions};
        EXPECT_TRUE(same_bits(product(w, x, means), expected))
            << variant.name << ": digits " << digits << ", N " << w.outputs << ", K " << w.width
            << ", rows " << rows;
        expect_clean_tiles();
      }
    }
  }
};

TEST_P(PanelFunctions, GiveTheScalarsBitsForEveryNumberOfRowsOfATile) {
  const int width = std::max(32, GetParam().group) * 3;
  const PackedExample w = packed_example(GetParam(), 37, width, 31);
  for (int rows = 1; rows <= 2 * kTileRows; ++rows)
    expect_scalar_bits(w, rows, static_cast<unsigned>(rows));
}

TEST_P(PanelFunctions, GiveTheScalarsBitsForRandomShapes) {
  std::mt19937 random(32);
  for (unsigned round = 0; round < 4; ++round) {
    const int outputs = static_cast<int>(1 + random() % 90);
    const int rows = static_cast<int>(1 + random() % 45);
    const int width = std::max(32, GetParam().group) * static_cast<int>(1 + random() % 6);
    expect_scalar_bits(packed_example(GetParam(), outputs, width, round), rows, round);
  }
}

TEST_P(PanelFunctions, GiveTheScalarsBitsWhereMoreIsMultipliedThanIsUnpackedAtOnce) {
  const PackedExample w = packed_example(GetParam(), 17, 2048 + 128, 33);
  for (const int rows : {1, 8, 13}) expect_scalar_bits(w, rows, 34);
}

INSTANTIATE_TEST_SUITE_P(Layouts, PanelFunctions, ::testing::ValuesIn(testing::every_layout()),
                         testing::layout_name);

/// How often one panel's product with `rows` rows shapes tiles.
int shapes_of_product(int rows, int width) {
  ThreadPool one(1);
  const PackedExample w = packed_example({4, 64, ScaleType::BF16}, kPanelRows, width, 35);
  const int before = testing::tile_configurations();
  product(w, random_rows(rows, w.width, 36),
          {CpuPath::Avx512, one, 1, &testing::kPanelModelledTiles});
  return testing::tile_configurations() - before;
}

TEST(PanelTiles, AreShapedOnceForAPieceAndAgainForFewerRows) {
  if (!can_run(CpuPath::Avx512)) GTEST_SKIP() << "this machine has no AVX-512";
  EXPECT_EQ(shapes_of_product(2 * kTileRows, 4096), 1);
  EXPECT_EQ(shapes_of_product(kTileRows + 5, 256), 2);
  expect_clean_tiles();
}

TEST(PanelTiles, MultiplyGroupsOfFewAndManyRows) {
  if (!can_run(CpuPath::Avx512)) GTEST_SKIP() << "this machine has no AVX-512";
  const PackedExample w = packed_example({4, 64, ScaleType::BF16}, 70, 512, 37);
  const auto panels = PanelMatrix::pack(w.view());
  std::vector<std::vector<float>> x, y;
  std::vector<PanelGroup> groups;
  for (const int rows : {3, 20, 8, 9}) {
    x.push_back(random_rows(rows, w.width, static_cast<unsigned>(rows)));
    y.emplace_back(static_cast<std::size_t>(rows) * 70);
  }
  for (std::size_t i = 0; i < x.size(); ++i) {
    const int rows = static_cast<int>(x[i].size()) / w.width;
    groups.push_back({{.layer = {panels->view()}, .y = y[i].data()},
                      {x[i].data(), FloatType::F32, w.width, rows}});
  }
  panel_matmul_groups(groups, {CpuPath::Avx512, three_threads(), 2, &testing::kPanelModelledTiles});
  for (std::size_t i = 0; i < x.size(); ++i)
    EXPECT_TRUE(same_bits(y[i], product(w, x[i], {CpuPath::Scalar, three_threads(), 2}))) << i;
  expect_clean_tiles();
}

/// Digits of one row, the second of three, in blocks of `block` inputs, with scales and sums.
struct SplitRow {
  std::vector<std::int8_t> digits;
  std::vector<float> scales;
  std::vector<float> sums;
};

SplitRow split_row(const PanelPath& path, const std::vector<float>& x, int count, int block) {
  constexpr int kRows = 3;
  constexpr int kGroup = 128;
  const std::size_t groups = x.size() / kGroup;
  SplitRow row{std::vector<std::int8_t>(x.size() * kRows * static_cast<std::size_t>(count)),
               std::vector<float>(groups * kRows), std::vector<float>(groups * kRows)};
  path.split(x.data(), {.digits = row.digits.data() + std::int64_t{count} * block,
                        .scales = row.scales.data() + 1,
                        .sums = row.sums.data() + 1,
                        .rows = kRows,
                        .count = count,
                        .width = static_cast<int>(std::ssize(x)),
                        .group = kGroup,
                        .block = block});
  return row;
}

TEST(PanelSplit, PutsDigitsIntoBlocksOfAnySize) {
  const auto x = random_rows(1, 512, 38);
  for (int count = 1; count <= kMostDigits; ++count)
    for (const int block : {16, 32, 64, 128}) {
      const SplitRow expected = split_row(kPanelScalar, x, count, block);
      const SplitRow narrow = split_row(kPanelScalar, x, count, kBlock);
      for (std::size_t k = 0; k < x.size(); ++k)
        for (std::size_t d = 0; d < static_cast<std::size_t>(count); ++d) {
          const auto place = [&](std::size_t size) {
            const auto digits = static_cast<std::size_t>(count);
            return ((k / size * 3 + 1) * digits + d) * size + k % size;
          };
          EXPECT_EQ(expected.digits[place(static_cast<std::size_t>(block))],
                    narrow.digits[place(kBlock)]);
        }
      for (const CpuPath path : machine_paths()) {
        const SplitRow found = split_row(panel_path(path), x, count, block);
        EXPECT_EQ(found.digits, expected.digits) << name(path) << " " << block;
        EXPECT_EQ(found.scales, expected.scales) << name(path) << " " << block;
        EXPECT_EQ(found.sums, expected.sums) << name(path) << " " << block;
      }
    }
}

}  // namespace
}  // namespace hearth::kernels
