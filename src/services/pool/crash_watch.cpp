// Counting deaths.
#include "services/pool/crash_watch.h"

#include <algorithm>

namespace hearth::services {

void CrashWatch::died(const std::string& model, const std::string& why,
                      base::SteadyClock::duration lived, base::Instant now) {
  State& state = states_[model];
  if (lived >= kLongEnough) state = {};
  ++state.deaths;
  state.why = why;
  if (state.deaths < kLoop) return;
  constexpr int kMostDoublings = 10;
  const int doublings = std::min(state.deaths - kLoop, kMostDoublings);
  state.next_try = now + std::min(kFirstPause * (1 << doublings), kLongestPause);
}

void CrashWatch::was_for_memory(const std::string& model) {
  const auto found = states_.find(model);
  if (found == states_.end()) return;
  ++found->second.for_memory;
  found->second.why = "it was killed, as the system does when memory runs out";
}

std::optional<CrashWatch::State> CrashWatch::state(const std::string& model) const {
  const auto found = states_.find(model);
  if (found == states_.end()) return std::nullopt;
  return found->second;
}

}  // namespace hearth::services
