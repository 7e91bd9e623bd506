// How much of the machine's memory models may take, as people write it.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "services/settings/settings.h"

namespace hearth::services {

/// "75%" or "12GB", "12.5 GiB", "900MB" of a machine with `total_bytes`. More than the machine has
/// means all of it; less than a hundredth, and nothing, are refused.
Result<std::uint64_t> parse_memory_budget(std::string_view text, std::uint64_t total_bytes);

/// What models may take on this machine: the setting pool.memory, which errors name.
Result<std::uint64_t> memory_budget(const Settings& settings);

/// What `bytes` are of the machine, in percent with one decimal.
double percent_of(std::uint64_t bytes, std::uint64_t total_bytes);

}  // namespace hearth::services
