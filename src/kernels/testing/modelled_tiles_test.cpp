// AMX's tiles in plain C++, and the tests of this model.
#include "kernels/testing/modelled_tiles.h"

#include <array>
#include <atomic>
#include <cstring>
#include <gtest/gtest.h>
#include <string_view>
#include <thread>

namespace hearth::kernels::testing {

namespace {

// Palette 1.
constexpr int kTiles = 8;
constexpr int kMostRows = 16;
constexpr int kMostRowBytes = 64;

struct ModelTile {
  int rows = 0;
  int row_bytes = 0;
  std::array<std::array<std::uint8_t, kMostRowBytes>, kMostRows> row{};

  bool valid() const { return rows > 0; }
  std::uint8_t* byte(int m, int at) {
    return &row[static_cast<std::size_t>(m)][static_cast<std::size_t>(at)];
  }
  std::int32_t sum(int m, int n) {
    std::int32_t value = 0;
    std::memcpy(&value, byte(m, 4 * n), sizeof value);
    return value;
  }
  void set_sum(int m, int n, std::int32_t value) {
    std::memcpy(byte(m, 4 * n), &value, sizeof value);
  }
};

struct Registers {
  bool configured = false;
  std::array<ModelTile, kTiles> tiles;
};

thread_local Registers registers;
std::atomic<const char*> first_broken{nullptr};
std::atomic<int> configured_threads{0};
std::atomic<int> configurations{0};

/// @returns `kept`.
bool rule(bool kept, const char* text) {
  const char* none = nullptr;
  if (!kept) first_broken.compare_exchange_strong(none, text);
  return kept;
}

bool usable(int tile) {
  return rule(registers.configured, "tiles are used before they are configured") &&
         rule(tile >= 0 && tile < kTiles, "there are eight tiles") &&
         rule(registers.tiles[static_cast<std::size_t>(tile)].valid(), "a tile without a shape");
}

ModelTile& at(int tile) {
  return registers.tiles[static_cast<std::size_t>(tile)];
}

template <class Item, std::size_t kCount>
bool zeros(const Item (&items)[kCount], std::size_t from) {
  for (std::size_t i = from; i < kCount; ++i)
    if (items[i] != 0) return false;
  return true;
}

bool fits_palette(const TileShapes& shapes) {
  if (!rule(shapes.palette == 1, "the palette is 1") ||
      !rule(shapes.start_row == 0, "operations begin with the first row") ||
      !rule(zeros(shapes.reserved, 0) && zeros(shapes.row_bytes, kTiles) &&
                zeros(shapes.rows, kTiles),
            "reserved bytes are zeros"))
    return false;
  for (int tile = 0; tile < kTiles; ++tile)
    if (!rule(shapes.rows[tile] <= kMostRows, "a tile has 16 rows at most") ||
        !rule(shapes.row_bytes[tile] <= kMostRowBytes, "a row has 64 bytes at most") ||
        !rule((shapes.rows[tile] == 0) == (shapes.row_bytes[tile] == 0),
              "a tile has rows and bytes, or neither"))
      return false;
  return true;
}

/// The shapes of the three matrices of a product.
bool fit(const ModelTile& sums, const ModelTile& left, const ModelTile& right) {
  return rule(sums.row_bytes % 4 == 0 && left.row_bytes % 4 == 0 && right.row_bytes % 4 == 0,
              "rows are whole words") &&
         rule(sums.rows == left.rows, "sums have the rows of the left matrix") &&
         rule(sums.row_bytes == right.row_bytes, "sums have the columns of the right matrix") &&
         rule(left.row_bytes / 4 == right.rows, "the matrices share their inner size");
}

}  // namespace

void tile_configure(const TileShapes& shapes) {
  static_assert(sizeof(TileShapes) == 64);
  if (!fits_palette(shapes)) return;
  if (!registers.configured) ++configured_threads;
  ++configurations;
  registers = Registers{.configured = true, .tiles = {}};
  for (int tile = 0; tile < kTiles; ++tile) {
    at(tile).rows = shapes.rows[tile];
    at(tile).row_bytes = shapes.row_bytes[tile];
  }
}

void tile_release() {
  if (registers.configured) --configured_threads;
  registers = Registers{};
}

void tile_zero(int tile) {
  if (usable(tile)) at(tile).row = {};
}

void tile_load(int tile, const void* from, std::int64_t stride) {
  if (!usable(tile)) return;
  at(tile).row = {};
  for (int m = 0; m < at(tile).rows; ++m)
    std::memcpy(at(tile).row[static_cast<std::size_t>(m)].data(),
                static_cast<const std::uint8_t*>(from) + m * stride,
                static_cast<std::size_t>(at(tile).row_bytes));
}

void tile_store(int tile, void* to, std::int64_t stride) {
  if (!usable(tile)) return;
  for (int m = 0; m < at(tile).rows; ++m)
    std::memcpy(static_cast<std::uint8_t*>(to) + m * stride, at(tile).byte(m, 0),
                static_cast<std::size_t>(at(tile).row_bytes));
}

void tile_add_dots(int sums, int left, int right) {
  if (!usable(sums) || !usable(left) || !usable(right)) return;
  if (!rule(sums != left && sums != right && left != right, "three tiles are three")) return;
  if (!fit(at(sums), at(left), at(right))) return;
  for (int m = 0; m < at(sums).rows; ++m)
    for (int k = 0; k < at(left).row_bytes / 4; ++k)
      for (int n = 0; n < at(sums).row_bytes / 4; ++n) {
        const std::uint8_t* a = at(left).byte(m, 4 * k);
        const std::uint8_t* b = at(right).byte(k, 4 * n);
        std::int32_t sum = at(sums).sum(m, n);
        for (int i = 0; i < 4; ++i) sum += static_cast<std::int8_t>(a[i]) * int{b[i]};
        at(sums).set_sum(m, n, sum);
      }
}

const char* broken_tile_rule() {
  return first_broken.exchange(nullptr);
}

int threads_with_tiles() {
  return configured_threads.load();
}

int tile_configurations() {
  return configurations.load();
}

namespace {

/// Sums 0 [rows][columns], left 1 [rows][inner], right 2 [inner / 4][columns][4].
TileShapes shapes_of(int rows, int inner, int columns) {
  TileShapes shapes{};
  shapes.palette = 1;
  const int sizes[3][2] = {{rows, 4 * columns}, {rows, inner}, {inner / 4, 4 * columns}};
  for (int tile = 0; tile < 3; ++tile) {
    shapes.rows[tile] = static_cast<std::uint8_t>(sizes[tile][0]);
    shapes.row_bytes[tile] = static_cast<std::uint16_t>(sizes[tile][1]);
  }
  return shapes;
}

/// The rule that the shapes break, or nothing.
std::string_view refusal(const TileShapes& shapes) {
  tile_configure(shapes);
  tile_release();
  const char* broken = broken_tile_rule();
  return broken == nullptr ? "" : broken;
}

TEST(ModelledTiles, MultiplySignedWithUnsignedBytes) {
  // Two rows, eight inputs, two columns: the largest and the smallest numbers among them.
  const std::int8_t left[2][8] = {{-128, 127, 1, 0, 2, -3, 4, -5}, {9, 0, 0, 0, 0, 0, 0, 1}};
  const std::uint8_t right[2][2][4] = {{{255, 255, 10, 20}, {1, 2, 3, 4}},
                                       {{5, 6, 7, 8}, {100, 0, 0, 200}}};
  std::int32_t sums[2][2] = {{1000, 0}, {0, -7}};
  tile_configure(shapes_of(2, 8, 2));
  tile_load(0, sums, 8);
  tile_load(1, left, 8);
  tile_load(2, right, 8);
  tile_add_dots(0, 1, 2);
  tile_store(0, sums, 8);
  tile_release();
  EXPECT_EQ(broken_tile_rule(), nullptr);
  EXPECT_EQ(sums[0][0], 1000 - 128 * 255 + 127 * 255 + 10 + 10 - 18 + 28 - 40);
  EXPECT_EQ(sums[0][1], -128 + 254 + 3 + 200 - 1000);
  EXPECT_EQ(sums[1][0], 9 * 255 + 8);
  EXPECT_EQ(sums[1][1], -7 + 9 + 200);
}

TEST(ModelledTiles, RefuseShapesThatNoPaletteHas) {
  EXPECT_EQ(refusal(shapes_of(16, 64, 16)), "");
  EXPECT_EQ(refusal(shapes_of(17, 64, 16)), "a tile has 16 rows at most");
  EXPECT_EQ(refusal(shapes_of(16, 68, 16)), "a row has 64 bytes at most");
  EXPECT_EQ(refusal(shapes_of(0, 64, 16)), "a tile has rows and bytes, or neither");
  TileShapes odd = shapes_of(8, 64, 16);
  odd.palette = 2;
  EXPECT_EQ(refusal(odd), "the palette is 1");
  odd.palette = 1;
  odd.rows[9] = 1;
  EXPECT_EQ(refusal(odd), "reserved bytes are zeros");
}

TEST(ModelledTiles, RefuseWhatAProcessorWouldFaultAt) {
  std::array<std::uint8_t, 1024> memory{};
  tile_zero(0);
  EXPECT_STREQ(broken_tile_rule(), "tiles are used before they are configured");
  tile_configure(shapes_of(8, 32, 16));
  tile_load(3, memory.data(), 64);
  EXPECT_STREQ(broken_tile_rule(), "a tile without a shape");
  tile_load(8, memory.data(), 64);
  EXPECT_STREQ(broken_tile_rule(), "there are eight tiles");
  tile_add_dots(0, 1, 1);
  EXPECT_STREQ(broken_tile_rule(), "three tiles are three");
  tile_add_dots(0, 2, 1);
  EXPECT_STREQ(broken_tile_rule(), "sums have the columns of the right matrix");
  TileShapes apart = shapes_of(8, 32, 16);
  apart.rows[2] = 9;
  tile_configure(apart);
  tile_add_dots(0, 1, 2);
  EXPECT_STREQ(broken_tile_rule(), "the matrices share their inner size");
  tile_release();
}

TEST(ModelledTiles, BelongToTheirThread) {
  tile_configure(shapes_of(8, 32, 16));
  EXPECT_EQ(threads_with_tiles(), 1);
  std::thread other([] { tile_zero(0); });
  other.join();
  EXPECT_STREQ(broken_tile_rule(), "tiles are used before they are configured");
  tile_release();
  EXPECT_EQ(threads_with_tiles(), 0);
}

}  // namespace

}  // namespace hearth::kernels::testing
