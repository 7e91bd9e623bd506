// Turns one weight into the bytes of its tensors.
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "convert/packing_plan.h"
#include "convert/rows.h"
#include "convert/shard_file.h"
#include "convert/source_tensors.h"

namespace hearth::convert {

/// Told after each piece of so many numbers; false stops.
using OnNumbers = std::function<bool(std::int64_t numbers)>;

/// Reads the weight piece by piece and appends its tensors to the file, as tensors_of lists them.
///
/// Memory: some 100 MB, the weight's scales and biases, and a whole tensor only where it lies the
/// other way round in the source.
/// @returns CorruptData for numbers that are not finite and would be packed; Cancelled; what
/// reading
///          and writing return. May throw what MLX throws.
Result<void> write_weight(SourceTensors& source, const Weight& weight, const Treatment& treatment,
                          ShardFile& file, const OnNumbers& on_numbers);

}  // namespace hearth::convert
