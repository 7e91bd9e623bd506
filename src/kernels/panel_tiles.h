// Products with packed weights and many rows on AMX's tiles. The operations on tiles are a
// parameter: the processor's own (panel_amx.cpp), or their model in plain C++, with which tests
// compute on machines without AMX. Only units with AVX-512's flags include it; all of it stays
// inside them.
//
// A panel's unpacked codes are what AMX wants of the matrix on the right: a row of 64 bytes holds
// four inputs of sixteen outputs. Digits of up to kTileRows rows are the matrix on the left:
//
//   digits [rows][block]  x  codes [block / 4][16][4]  ->  sums [rows][16], 32 bits, exact
//
// Sums leave their tiles at the end of each group, for the same float32 steps as AVX-512's.
//
// What it should cost, estimated for Sapphire Rapids and never measured, in cycles: a product of
// full tiles 16, their loads 8 each, a store 16; a block of 64 inputs of eight rows and sixteen
// outputs is one product instead of 128 vector instructions, two of which begin in a cycle. Shaping
// the tiles costs some 200, as much as ten groups: so a shape stays from call to call, and
// release() ends it behind a piece, after some hundred calls. Released tiles need not be saved when
// the system takes the thread off its core, do not keep the core from deep sleep, and cannot
// disturb what other code (oneDNN, BLAS) does with tiles on this thread.
#pragma once

#include "kernels/panel_avx512.h"
#include "kernels/tile_shapes.h"

namespace hearth::kernels {

namespace {

/// The longest rows of a tile: inputs whose digits lie together at most.
constexpr int kTileInputs = 64;

// Which tile holds what: sums and digits have one for each digit of an activation.
constexpr int kSumTile = 0;
constexpr int kDigitTile = kSumTile + kMostDigits;
constexpr int kCodeTile = kDigitTile + kMostDigits;

/// How this thread's tiles are shaped; 0 rows: not at all.
struct Shaped {
  int rows;
  int block;
};
thread_local Shaped shaped{0, 0};

template <class Tiles>
void shape_tiles(int rows, int block) {
  if (shaped.rows == rows && shaped.block == block) return;
  TileShapes shapes{};
  shapes.palette = 1;
  const auto shape = [&](int tile, int tile_rows, int row_bytes) {
    shapes.rows[tile] = static_cast<std::uint8_t>(tile_rows);
    shapes.row_bytes[tile] = static_cast<std::uint16_t>(row_bytes);
  };
  for (int d = 0; d < kMostDigits; ++d) {
    shape(kSumTile + d, rows, kLineBytes);
    shape(kDigitTile + d, rows, block);
  }
  shape(kCodeTile, block / 4, kLineBytes);
  Tiles::configure(shapes);
  shaped = {rows, block};
}

/// The path's `release`.
template <class Tiles>
void release_tiles() {
  if (shaped.rows == 0) return;
  Tiles::release();
  shaped = {0, 0};
}

/// A number that names a tile: instructions hold it.
template <int kValue>
struct Number {
  static constexpr int value = kValue;
};

template <int kDigits, class Each>
[[gnu::always_inline]] inline void for_digits(Each each) {
  each(Number<0>{});
  if constexpr (kDigits > 1) each(Number<1>{});
  if constexpr (kDigits > 2) each(Number<2>{});
}

/// What a group of codes and digits comes to, as tiles store it.
template <int kDigits>
struct alignas(64) GroupSums {
  std::int32_t of[kDigits][kTileRows][kPanelRows];
};

template <class Tiles, int kDigits>
void sum_group(const Panel& panel, const Tile& x, int group, GroupSums<kDigits>& to) {
  const std::int64_t inputs = std::int64_t{group} * panel.group;
  const std::uint8_t* codes = panel.codes + inputs * kPanelRows;
  const std::int8_t* digits = x.digits + (panel.begin + inputs) * x.rows * kDigits;
  for_digits<kDigits>([](auto d) { Tiles::template zero<kSumTile + d.value>(); });
  for (int k = 0; k < panel.group; k += x.block) {
    Tiles::template load<kCodeTile>(codes, kLineBytes);
    for_digits<kDigits>([&](auto d) {
      Tiles::template load<kDigitTile + d.value>(digits + d.value * x.block,
                                                 std::int64_t{kDigits} * x.block);
      Tiles::template add_dots<kSumTile + d.value, kDigitTile + d.value, kCodeTile>();
    });
    codes += x.block * kPanelRows;
    digits += std::int64_t{x.block} * x.rows * kDigits;
  }
  for_digits<kDigits>(
      [&](auto d) { Tiles::template store<kSumTile + d.value>(to.of[d.value], kLineBytes); });
}

/// The float32 part of a group, row by row.
template <int kDigits>
void add_group(const Panel& panel, const Tile& x, int group, const GroupSums<kDigits>& from,
               float* sums) {
  const ScaledBias w{_mm512_loadu_ps(panel.scales + group * kPanelRows),
                     _mm512_loadu_ps(panel.biases + group * kPanelRows)};
  const int of_x = (panel.begin / panel.group + group) * x.rows;
  for (int m = 0; m < x.rows; ++m) {
    __m512i dots[kDigits];
#pragma clang loop unroll(full)
    for (int d = 0; d < kDigits; ++d) dots[d] = _mm512_load_si512(from.of[d][m]);
    float* const at = sums + m * kPanelRows;
    _mm512_storeu_ps(at, with_group(_mm512_loadu_ps(at), joined(dots), w,
                                    {x.scales[of_x + m], x.sums[of_x + m]}));
  }
}

/// A group's sums are read when the next group's are on their way, so no load waits for the store
/// of a tile.
template <class Tiles, int kDigits>
void multiply_digits(const Panel& panel, const Tile& x, float* sums) {
  const int groups = panel.count / panel.group;
  GroupSums<kDigits> kept[2];
  shape_tiles<Tiles>(x.rows, x.block);
  sum_group<Tiles>(panel, x, 0, kept[0]);
  for (int group = 1; group < groups; ++group) {
    sum_group<Tiles>(panel, x, group, kept[group % 2]);
    add_group(panel, x, group - 1, kept[(group - 1) % 2], sums);
  }
  add_group(panel, x, groups - 1, kept[(groups - 1) % 2], sums);
}

/// The path's `multiply`.
template <class Tiles>
void multiply_tiles(const Panel& panel, const Tile& x, float* sums) {
  if (x.count == 1) return multiply_digits<Tiles, 1>(panel, x, sums);
  if (x.count == 2) return multiply_digits<Tiles, 2>(panel, x, sums);
  return multiply_digits<Tiles, 3>(panel, x, sums);
}

/// The path's `stream`: few rows are another path's.
inline bool no_stream(const PanelCut& /*cut*/, const Tile& /*x*/, float* /*sums*/) {
  return false;
}

}  // namespace

}  // namespace hearth::kernels
