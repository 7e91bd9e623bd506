// Conversions as programs read of them.
#pragma once

#include <filesystem>

#include "base/json.h"
#include "convert/auto_recipe.h"
#include "convert/convert.h"

namespace hearth::cli {

/// What a conversion does or did, with this process's memory at its peak so far.
json::object to_json(const convert::Summary& summary, const std::filesystem::path& target);

/// What was measured of each matrix, and chosen for it.
json::object to_json(const convert::AutoRecipe& recipe);

}  // namespace hearth::cli
