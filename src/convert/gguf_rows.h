// Rows of a GGUF tensor as arrays.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "convert/source_tensors.h"
#include "gguf/model_file.h"

namespace hearth::convert {

/// The rows' numbers in the dtype of the file, and of packed kinds in float32: [count, width],
/// evaluated. @returns CorruptData, Io; messages name the tensor.
Result<mx::array> gguf_rows(const gguf::ModelFile& file, std::string_view name, std::int64_t first,
                            std::int64_t count);

/// The dtype that gguf_rows gives.
mx::Dtype gguf_dtype(gguf::TensorType type);

/// MLX's packing that holds the same numbers as blocks of this kind; nothing where none does.
std::optional<nn::Packing> gguf_packing(gguf::TensorType type);

/// Rows of such blocks in that packing. Scales and biases are float16, as the blocks have them.
Result<PackedRows> gguf_packed_rows(const gguf::ModelFile& file, std::string_view name,
                                    std::int64_t first, std::int64_t count);

}  // namespace hearth::convert
