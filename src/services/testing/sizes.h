// Units of memory.
#pragma once

#include <cstdint>

namespace hearth::services::testing {

constexpr std::uint64_t kGb = 1'000'000'000;
constexpr std::uint64_t kMib = std::uint64_t{1} << 20;
constexpr std::uint64_t kGib = std::uint64_t{1} << 30;

}  // namespace hearth::services::testing
