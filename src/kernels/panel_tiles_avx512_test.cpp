// The AMX path's functions, compiled for AVX-512 and modelled tiles.
#include "kernels/panel_tiles.h"
#include "kernels/testing/modelled_tiles.h"

namespace hearth::kernels::testing {

namespace {

struct ModelledTiles {
  static void configure(const TileShapes& shapes) { tile_configure(shapes); }
  template <int kTile>
  static void zero() {
    tile_zero(kTile);
  }
  template <int kTile>
  static void load(const void* from, std::int64_t stride) {
    tile_load(kTile, from, stride);
  }
  template <int kSums, int kDigits, int kCodes>
  static void add_dots() {
    tile_add_dots(kSums, kDigits, kCodes);
  }
  template <int kTile>
  static void store(void* to, std::int64_t stride) {
    tile_store(kTile, to, stride);
  }
  static void release() { tile_release(); }
};

}  // namespace

const PanelPath kPanelModelledTiles{.split = split_avx512,
                                    .unpack_codes = unpack_codes_avx512,
                                    .unpack_scales = unpack_scales_avx512,
                                    .multiply = multiply_tiles<ModelledTiles>,
                                    .stream = no_stream,
                                    .apply_gate = apply_gate_avx512,
                                    .block = kTileInputs,
                                    .release = release_tiles<ModelledTiles>};

}  // namespace hearth::kernels::testing
