// Mamba2 out of a config.
#pragma once

#include "base/result.h"
#include "models/config.h"
#include "nn/mamba2.h"

namespace hearth::models {

/// Sizes under Hugging Face's names for hybrids (mamba_n_heads, mamba_d_head ...), without norm.
/// @param inner  the width inside, as the config tells it or as its expansion makes it
Result<nn::Mamba2Spec> mamba2_spec(const Config& config, int inner);

}  // namespace hearth::models
