// What this program can run.
#pragma once

#include <string>
#include <vector>

namespace hearth::engine {

/// Every model_type of config.json that open_local() can build, in alphabetical order.
std::vector<std::string> supported_architectures();

}  // namespace hearth::engine
