// Turns one weight into the data of a GGUF tensor.
#pragma once

#include "base/result.h"
#include "convert/rows.h"
#include "convert/shard_file.h"
#include "convert/source_tensors.h"
#include "convert/weight_writer.h"
#include "gguf/tensor_type.h"

namespace hearth::convert {

/// How a weight is stored.
struct GgufTreatment {
  gguf::TensorType type = gguf::TensorType::F32;
  int paired_heads = 0;  ///< rows of so many heads are put in pairs; 0: they stay
};

/// Reads the weight piece by piece and appends its blocks. @returns as write_weight does;
/// CorruptData also for numbers that the type cannot hold.
Result<void> write_gguf_weight(SourceTensors& source, const Weight& weight,
                               const GgufTreatment& treatment, ShardFile& file,
                               const OnNumbers& on_numbers);

}  // namespace hearth::convert
