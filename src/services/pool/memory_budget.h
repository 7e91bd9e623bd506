// How much of the machine's memory models may take, as people write it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth::services {

/// "75%" or "12GB", "12.5 GiB", "900MB" of a machine with `total_bytes`. More than the machine has
/// means all of it; less than a hundredth, and nothing, are refused.
Result<std::uint64_t> parse_memory_budget(std::string_view text, std::uint64_t total_bytes);

/// What `bytes` are of the machine, in percent with one decimal.
double percent_of(std::uint64_t bytes, std::uint64_t total_bytes);

/// "1.5 GB", "340 MB": as errors and lists tell sizes.
std::string memory_text(std::uint64_t bytes);

}  // namespace hearth::services
