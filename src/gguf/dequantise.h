// From stored blocks to numbers.
#pragma once

#include <cstddef>
#include <span>

#include "gguf/tensor_type.h"

namespace hearth::gguf {

/// Turns whole blocks into numbers.
///
/// @param blocks  any number of blocks of the type
/// @param out     as many numbers as they hold
/// Thread: any.
void dequantise(TensorType type, std::span<const std::byte> blocks, std::span<float> out);

}  // namespace hearth::gguf
