// How AMX's tiles are shaped: what its instruction reads.
#pragma once

#include <cstdint>

namespace hearth::kernels {

/// 64 bytes as LDTILECFG expects them. Palette 1, the only one that processors have, offers tiles 0
/// to 7 of up to 16 rows and 64 bytes a row; unused ones have neither rows nor bytes.
struct alignas(64) TileShapes {
  std::uint8_t palette;
  std::uint8_t start_row;
  std::uint8_t reserved[14];
  std::uint16_t row_bytes[16];
  std::uint8_t rows[16];
};

}  // namespace hearth::kernels
