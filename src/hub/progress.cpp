// Speed over a window that moves.
#include "hub/progress.h"

#include <cmath>

namespace hearth::hub {
namespace {

constexpr std::chrono::seconds kWindow{5};
constexpr std::chrono::milliseconds kLeast{500};

}  // namespace

void SpeedMeter::add(std::uint64_t bytes, base::Instant now) {
  samples_.push_back({now, bytes});
  while (samples_.size() > 2 && now - samples_[1].when >= kWindow) samples_.pop_front();
}

double SpeedMeter::bytes_per_s() const {
  if (samples_.size() < 2 || samples_.back().when - samples_.front().when < kLeast) return 0;
  const std::chrono::duration<double> time = samples_.back().when - samples_.front().when;
  return static_cast<double>(samples_.back().bytes - samples_.front().bytes) / time.count();
}

std::optional<std::chrono::seconds> SpeedMeter::left(std::uint64_t missing) const {
  constexpr double kTooLong = 1e9;
  const double speed = bytes_per_s();
  const double seconds = speed > 0 ? std::ceil(static_cast<double>(missing) / speed) : kTooLong;
  if (seconds >= kTooLong) return std::nullopt;
  return std::chrono::seconds(static_cast<std::int64_t>(seconds));
}

}  // namespace hearth::hub
