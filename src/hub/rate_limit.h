// A limit on bytes per second that all connections share.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>

#include "base/clock.h"

namespace hearth::hub {

/// Bytes queue up for their turn; after a pause none are saved up. Any thread.
class RateLimit {
 public:
  /// @param bytes_per_s  0: no limit
  explicit RateLimit(std::uint64_t bytes_per_s) : bytes_per_s_(bytes_per_s) {}

  /// When so many bytes that arrive at `now` may be taken.
  base::Instant turn(std::uint64_t bytes, base::Instant now);
  /// Sleeps until then, or until `keep_going` says no.
  void wait(std::uint64_t bytes, const std::function<bool()>& keep_going);

 private:
  std::uint64_t bytes_per_s_;
  std::mutex mutex_;
  base::Instant next_{};  // guarded by mutex_
};

}  // namespace hearth::hub
