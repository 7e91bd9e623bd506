// What Qwen3-Next and Qwen3.5 share: gated delta nets between gated attention layers.
#pragma once

#include <string_view>

#include "models/decoder_spec.h"
#include "models/family.h"
#include "nn/moe.h"

namespace hearth::models {

void prepare_gated_delta(json::object& config, std::string_view model_type);

/// The decoder with its two kinds of mixers and dense feed-forward layers.
/// @param fused    the layout of the delta nets' projections: nn::GatedDeltaSpec
/// @param weights  tells by its layout whether norms are stored as Hugging Face has them
Result<DecoderSpec> gated_delta_spec(const Config& config, const ModelFacts& facts, bool fused,
                                     nn::Weights& weights);

/// Qwen's experts: by softmax, with a shared one at its own weight.
Result<nn::MoeSpec> gated_shared_experts(const Config& config);

}  // namespace hearth::models
