// How a key or value is written to its row of a pool.
#pragma once

#include "kernels/attention_path.h"

namespace hearth::kernels {

/// A row of `width` numbers. Packed ones have a scale and a bias per 64 numbers where the width is
/// a multiple of that, else per 32; zeros fill up the last group.
KvRow kv_row(KvType type, int width);

/// The same for keys: numbers that are not packed lie channel by channel in their page, so that
/// scores need no turning. Where values are read out of the keys too, they are rows.
KvRow key_row(KvType type, int width, bool values_in_keys);

/// `width` rounded up to whole lanes.
constexpr int padded(int width) {
  return (width + kWidthLanes - 1) / kWidthLanes * kWidthLanes;
}

/// AttentionPath::to_f16.
using ToF16 = void (*)(const float* numbers, int count, std::uint16_t* to);
/// The same in plain C++.
void limited_f16(const float* numbers, int count, std::uint16_t* to);

/// Writes `row.width` numbers to `to`, `row.bytes` of them. 16 bits round to nearest; what float16
/// cannot hold becomes its largest number. Codes are those of MLX's quantize().
/// Not of turned rows.
void store_row(const KvRow& row, const float* numbers, std::uint8_t* to,
               ToF16 rounding = limited_f16);

/// The same as row `token` of a page, turned or not.
void store_in_page(const KvRow& row, const float* numbers, std::uint8_t* page, int token,
                   ToF16 rounding = limited_f16);

}  // namespace hearth::kernels
