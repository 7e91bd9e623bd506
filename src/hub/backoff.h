// How long to wait before something that failed is tried again. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>

#include "base/result.h"

namespace hearth::hub {

struct RetryRules {
  int most_failures = 8;  ///< in a row, without a byte between them
  std::chrono::milliseconds first_wait{500};
  std::chrono::milliseconds longest_wait{30'000};
  /// A server that asks for more patience than this is not waited for.
  std::chrono::seconds most_patience{60};
};

/// Whether another try may help: no answer, a busy server, a server's own fault.
bool may_pass(const Error& error);

/// Waits that double, each drawn from its upper half so that many clients do not return at once.
class Backoff {
 public:
  explicit Backoff(const RetryRules& rules, std::uint64_t seed = std::random_device{}())
      : rules_(rules), random_(seed) {}

  /// Something went well: the next failure counts as the first.
  void succeeded() { failures_ = 0; }
  /// @returns how long to wait; nothing where it should be given up.
  std::optional<std::chrono::milliseconds> failed(const Error& error);

 private:
  RetryRules rules_;
  std::mt19937_64 random_;
  int failures_ = 0;
};

}  // namespace hearth::hub
