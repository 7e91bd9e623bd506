// Packs rows of numbers in affine groups, on all cores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "nn/mlx.h"
#include "nn/quantisation.h"

namespace hearth::convert {

/// Where the packed rows go: one after another, as a file has them.
struct AffineOutput {
  std::span<std::byte> codes;   ///< bits of the rows, lowest first
  std::span<std::byte> scales;  ///< in the dtype of the numbers, as are the biases
  std::span<std::byte> biases;
};

/// Codes, scales and biases to the last bit as mlx::core::quantize gives them.
///
/// @param rows     [rows, width] contiguous and evaluated: float32, float16 or bfloat16; the group
///                 size divides the width
/// @returns        false where a number is not finite
bool pack_affine(const nn::mx::array& rows, const nn::Packing& packing, const AffineOutput& out);

}  // namespace hearth::convert
