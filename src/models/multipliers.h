// Granite's factors on embeddings, scores, residuals and logits.
#pragma once

#include "base/json.h"
#include "base/result.h"
#include "models/config.h"
#include "models/decoder_spec.h"

namespace hearth::models {

/// Where a config leaves them out they are 1: for a family's `prepare`.
void default_multipliers(json::object& config);

/// embedding_multiplier, attention_multiplier, residual_multiplier, logits_scaling.
Result<void> read_multipliers(const Config& config, DecoderSpec& spec);

}  // namespace hearth::models
