// How far a download or a conversion is.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/json.h"

namespace hearth::api::admin {

/// What is done of all, in percent with one decimal; null while nobody knows how much all is.
/// Rounded down, so that 100 means all of it.
inline json::value percent_done(std::uint64_t done, std::uint64_t all) {
  if (all == 0) return {};
  return std::floor(static_cast<double>(done) / static_cast<double>(all) * 1000) / 10;
}

}  // namespace hearth::api::admin
