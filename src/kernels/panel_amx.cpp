// Products with packed weights and many rows with AMX: tiles of 8-bit numbers.
#include "kernels/panel_tiles.h"

namespace hearth::kernels {

namespace {

/// The processor's tiles.
struct AmxTiles {
  static void configure(const TileShapes& shapes) { _tile_loadconfig(&shapes); }
  template <int kTile>
  [[gnu::always_inline]] static void zero() {
    _tile_zero(kTile);
  }
  template <int kTile>
  [[gnu::always_inline]] static void load(const void* from, std::int64_t stride) {
    _tile_loadd(kTile, from, stride);
  }
  /// Signed digits times unsigned codes.
  template <int kSums, int kDigits, int kCodes>
  [[gnu::always_inline]] static void add_dots() {
    _tile_dpbsud(kSums, kDigits, kCodes);
  }
  template <int kTile>
  [[gnu::always_inline]] static void store(void* to, std::int64_t stride) {
    _tile_stored(kTile, to, stride);
  }
  static void release() { _tile_release(); }
};

}  // namespace

const PanelPath kPanelAmx{.split = split_avx512,
                          .unpack_codes = unpack_codes_avx512,
                          .unpack_scales = unpack_scales_avx512,
                          .multiply = multiply_tiles<AmxTiles>,
                          .stream = no_stream,
                          .apply_gate = apply_gate_avx512,
                          .block = kTileInputs,
                          .release = release_tiles<AmxTiles>};

}  // namespace hearth::kernels
