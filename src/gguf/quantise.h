// From numbers to stored blocks.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "gguf/tensor_type.h"

namespace hearth::gguf {

/// The kinds that Hearth writes: F32, F16, BF16, Q8_0, Q4_0.
bool can_quantise(TensorType type);

/// Appends the blocks of `numbers`, whole blocks of them, as GGUF's own tools round them.
/// Thread: any.
void quantise(TensorType type, std::span<const float> numbers, std::vector<std::byte>& out);

}  // namespace hearth::gguf
