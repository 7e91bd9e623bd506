// The families that are built in: one per file under arch/.
#pragma once

#include <span>
#include <string_view>

#include "models/family.h"

namespace hearth::models {

/// All families, in the order of their files. The table is generated from the file list of arch/.
std::span<const Family> families();

/// The family that builds `model_type`; nullptr if none does.
const Family* find_family(std::string_view model_type);

}  // namespace hearth::models
