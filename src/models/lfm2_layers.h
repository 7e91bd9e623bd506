// What LFM2 has with and without experts.
#pragma once

#include <string_view>
#include <vector>

#include "models/decoder_spec.h"
#include "models/family.h"

namespace hearth::models {

void prepare_lfm2(json::object& config, std::string_view model_type);

/// LFM2's tensor names.
std::vector<Rename> lfm2_names();

/// The decoder with its convolutions and attention, and dense feed-forward layers of the config's
/// F.
Result<DecoderSpec> lfm2_spec(const Config& config, const ModelFacts& facts);

}  // namespace hearth::models
