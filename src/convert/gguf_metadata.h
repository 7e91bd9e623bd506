// What a GGUF file says of a model, out of its config.
#pragma once

#include <vector>

#include "base/result.h"
#include "gguf/family.h"
#include "gguf/value.h"
#include "models/config.h"

namespace hearth::convert {

struct GgufModelFacts {
  gguf::Metadata metadata;
  std::vector<float> rope_factors;  ///< for the tensor of that name; empty: none is needed
};

/// Sizes, rope and windows by GGUF's keys. @returns UnsupportedArgument that names config.json's
/// field where GGUF, or llama.cpp which reads it, has no word for what it says.
Result<GgufModelFacts> gguf_facts(const gguf::Family& family, const models::Config& config);

}  // namespace hearth::convert
