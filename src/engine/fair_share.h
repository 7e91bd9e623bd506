// How much each client has got, so that nobody's crowd of requests pushes the others aside.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace hearth::engine {

/// What one client has got so far.
struct Client {
  double served = 0;         ///< tokens computed for it
  double admitted_s = -1e9;  ///< when a request of its was taken from the queue last
  unsigned requests = 0;     ///< running and waiting
  unsigned running = 0;
  std::uint64_t asked_step = 0;   ///< in which the scheduler looked for a place for it,
  std::array<bool, 3> refused{};  ///< and found none, by priority
};

/// The clients that have requests. One that comes back after a pause starts level with those who
/// are there: shares are for those who ask at the same time, and nobody saves up.
///
/// Pure bookkeeping, one owner.
class FairShare {
 public:
  /// A client has one request more. The reference stays valid until its last leave().
  Client& join(const std::string& name);
  void leave(const std::string& name);

  /// The least that any of them has got.
  double floor() const;

  /// Levels of priority that a client is set back by for what it got ahead of the others.
  static double debt(double served, double floor) { return (served - floor) / kTokensPerLevel; }

 private:
  static constexpr double kTokensPerLevel = 8192;
  std::unordered_map<std::string, Client> clients_;
};

}  // namespace hearth::engine
