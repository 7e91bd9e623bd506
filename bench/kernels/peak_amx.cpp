// A loop of products of full tiles of 8-bit numbers that wait for little, with AMX.
#include <cstdint>
#include <immintrin.h>

#include "kernels/roofs.h"

namespace hearth::bench {

namespace {

/// Palette 1; sixteen rows of 64 bytes each.
struct alignas(64) FullTiles {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};

}  // namespace

double dot8_loop_amx(int rounds) {
  const FullTiles shapes;
  _tile_loadconfig(&shapes);
  for (int round = 0; round < rounds; ++round) {
    _tile_dpbsud(0, 4, 6);
    _tile_dpbsud(1, 4, 7);
    _tile_dpbsud(2, 5, 6);
    _tile_dpbsud(3, 5, 7);
  }
  _tile_release();
  return 2.0 * 16 * 16 * 64 * 4 * rounds;
}

}  // namespace hearth::bench
