// How a key or value is written to its row of a pool.
#pragma once

#include "kernels/attention_path.h"

namespace hearth::kernels {

/// A row of `width` numbers. Packed ones have a scale and a bias per 64 numbers where the width is
/// a multiple of that, else per 32; zeros fill up the last group.
KvRow kv_row(KvType type, int width);

/// `width` rounded up to whole lanes.
constexpr int padded(int width) {
  return (width + kWidthLanes - 1) / kWidthLanes * kWidthLanes;
}

/// Writes `row.width` numbers to `to`, `row.bytes` of them. 16 bits round to nearest; what float16
/// cannot hold becomes its largest number. Codes are those of MLX's quantize().
void store_row(const KvRow& row, const float* numbers, std::uint8_t* to);

}  // namespace hearth::kernels
