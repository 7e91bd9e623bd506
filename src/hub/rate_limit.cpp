// Turns in a row, each as long as its bytes take.
#include "hub/rate_limit.h"

#include <algorithm>
#include <chrono>
#include <thread>

namespace hearth::hub {

base::Instant RateLimit::turn(std::uint64_t bytes, base::Instant now) {
  if (bytes_per_s_ == 0) return now;
  const std::chrono::duration<double> takes(static_cast<double>(bytes) /
                                            static_cast<double>(bytes_per_s_));
  const std::lock_guard lock(mutex_);
  next_ = std::max(next_, now) + std::chrono::duration_cast<base::SteadyClock::duration>(takes);
  return next_;
}

void RateLimit::wait(std::uint64_t bytes, const std::function<bool()>& keep_going) {
  constexpr std::chrono::milliseconds kTurnSlice{100};
  if (bytes_per_s_ == 0) return;
  const auto until = turn(bytes, base::SteadyClock::now());
  while (keep_going()) {
    const auto now = base::SteadyClock::now();
    if (now >= until) return;
    std::this_thread::sleep_for(std::min<base::SteadyClock::duration>(until - now, kTurnSlice));
  }
}

}  // namespace hearth::hub
