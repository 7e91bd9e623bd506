// From a checkpoint's tensors to those of MLX's layout.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "convert/layout_rules.h"
#include "convert/rows.h"
#include "convert/source_tensors.h"
#include "gguf/family.h"
#include "models/config.h"

namespace hearth::convert {

struct Arrangement {
  std::vector<Weight> weights;       ///< in the order of the model: embeddings, layers, head
  std::vector<std::string> dropped;  ///< tensors that the language model does not have
};

/// Applies the family's rules. A model that has MLX's layout already stays as it is.
/// @returns CorruptData or UnsupportedArgument that names the tensor: a missing expert, a shape
///          that the rule cannot split.
Result<Arrangement> arrange(SourceTensors& source, const models::Config& config);

/// The same of a GGUF file's tensors, which get Hugging Face's names and order of rows.
Result<Arrangement> arrange_gguf(const SourceTensors& source, const models::Config& config,
                                 const gguf::Family& family);

}  // namespace hearth::convert
