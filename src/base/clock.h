// Time as the rest of the code sees it: a monotonic stopwatch and the wall clock for stamps.
#pragma once

#include <chrono>
#include <cstdint>

namespace hearth::base {

using SteadyClock = std::chrono::steady_clock;
using Instant = SteadyClock::time_point;

/// Milliseconds from `start` to now, with fractions.
inline double elapsed_ms(Instant start) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - start).count();
}

/// Seconds since 1970, UTC.
inline std::int64_t unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace hearth::base
