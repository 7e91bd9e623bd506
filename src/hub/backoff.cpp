// The rules of trying again.
#include "hub/backoff.h"

#include <algorithm>

namespace hearth::hub {

using std::chrono::milliseconds;

bool may_pass(const Error& error) {
  return error.code == ErrorCode::Io || error.code == ErrorCode::Upstream ||
         error.code == ErrorCode::RateLimited || error.code == ErrorCode::Timeout;
}

std::optional<milliseconds> Backoff::failed(const Error& error) {
  if (!may_pass(error) || ++failures_ >= rules_.most_failures) return std::nullopt;
  milliseconds wait = rules_.first_wait;
  for (int i = 1; i < failures_ && wait < rules_.longest_wait; ++i) wait *= 2;
  wait = std::min(wait, rules_.longest_wait);
  std::uniform_int_distribution<milliseconds::rep> upper_half(wait.count() / 2, wait.count());
  wait = milliseconds(upper_half(random_));
  if (!error.retry_after) return wait;
  if (*error.retry_after > rules_.most_patience) return std::nullopt;
  return std::max<milliseconds>(wait, *error.retry_after);
}

}  // namespace hearth::hub
