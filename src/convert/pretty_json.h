// JSON for files that people read.
#pragma once

#include <string>

#include "base/json.h"

namespace hearth::convert {

/// One member or element per line, indented by 4 for each level; empty ones stay on a line.
std::string pretty_json(const json::value& value);

}  // namespace hearth::convert
