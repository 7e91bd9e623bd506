// Adapters that are fused: what is added to a model's matrices while they are converted.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/result.h"
#include "convert/rows.h"
#include "models/config.h"

namespace hearth::convert {

/// Gives each weight that the adapter changes its addition (Weight::addition).
///
/// @param folder  an adapter's, in mlx-lm's layout or PEFT's
/// @returns NotFound, CorruptData or UnsupportedArgument, naming file and field or tensor: another
///          kind of adapter, a layer that this model has not, shapes of another model
Result<void> plan_fusion(const std::filesystem::path& folder, const models::Config& config,
                         std::vector<Weight>& weights);

}  // namespace hearth::convert
