// What DeepSeek's models share: latent attention.
#pragma once

#include <string_view>
#include <vector>

#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models {

/// Puts latent attention in the place of attention, with the sizes that the config tells.
Result<void> place_latent_attention(const Config& config, DecoderSpec& spec);

}  // namespace hearth::models
