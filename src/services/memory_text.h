// Sizes of memory, as errors and verdicts tell them.
#pragma once

#include <cstdint>
#include <string>

namespace hearth::services {

/// "1.5 GB", "340 MB".
std::string memory_text(std::uint64_t bytes);

}  // namespace hearth::services
