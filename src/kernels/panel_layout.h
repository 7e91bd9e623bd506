// Packed matrices as they are stored and in the order in which the kernels read them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/panel_path.h"

namespace hearth::kernels {

/// How codes and scales of a packed matrix are to be read.
struct PackedFormat {
  int bits = 4;
  int group = 64;
  ScaleType scale_type = ScaleType::F32;

  /// Codes are E2M1 numbers: mxfp4 (groups of 32) and nvfp4 (of 16).
  bool e2m1() const { return scale_type == ScaleType::E8M0 || scale_type == ScaleType::E4M3; }
  friend bool operator==(const PackedFormat&, const PackedFormat&) = default;
};

/// A packed matrix W [N, K] in MLX's layout: codes in the bits of a row, lowest first.
struct PackedView {
  const std::uint8_t* codes;
  std::int64_t code_stride;   ///< bytes from row to row
  const void* scales;         ///< [N, K / group]
  const void* biases;         ///< like the scales; null where codes are E2M1
  std::int64_t scale_stride;  ///< elements from row to row
  std::int64_t bias_stride;   ///< likewise
  PackedFormat format;
  int outputs;  ///< N
  int width;    ///< K
};

/// A matrix W [N, K] in panels (PanelLayout). Rows behind the last one are zeros.
struct PanelView {
  PanelLayout layout;
  const std::uint8_t* data;  ///< aligned to 64 bytes
  int outputs;               ///< N

  int panels() const { return (outputs + kPanelRows - 1) / kPanelRows; }
  const std::uint8_t* panel(int index) const { return data + index * layout.bytes; }
};

/// Whether matrices of this width can lie in panels: affine codes of 2, 3, 4, 5, 6 or 8 bits in
/// groups of 32, 64 or 128, mxfp4, nvfp4; a width that is a multiple of the group and of 32.
bool fits_panels(const PackedFormat& format, int width);

/// Bytes of one scale.
std::int64_t scale_bytes(ScaleType type);

/// Number `at` of a row of scales or biases.
float scale_at(const std::uint8_t* scales, std::int64_t at, ScaleType type);

/// For what fits_panels() accepts.
PanelLayout panel_layout(const PackedFormat& format, int width);

/// Bytes of a whole matrix.
std::size_t panel_bytes(const PanelLayout& layout, int outputs);

/// Row `row` of W as numbers, scale * code + bias in float32, rounded once after the product and
/// once after the sum. → [K]
void panel_row(const PanelView& w, int row, float* to);

}  // namespace hearth::kernels
