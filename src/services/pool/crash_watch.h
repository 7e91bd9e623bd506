// Which models' workers die again and again, and when the next try is due.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "base/clock.h"

namespace hearth::services {

/// Counts deaths that follow each other quickly. After the third in a row the model is left alone
/// for a while, longer each time. Pure bookkeeping; one thread at a time.
class CrashWatch {
 public:
  struct State {
    int deaths = 0;      ///< in a row
    int for_memory = 0;  ///< of them for want of memory
    std::string why;     ///< the latest
    base::Instant next_try{};
    /// Whether the model is left alone at `now`.
    bool blocked(base::Instant now) const { return deaths >= kLoop && now < next_try; }
  };

  static constexpr int kLoop = 3;
  /// Who lived so long was not killed by its loading.
  static constexpr std::chrono::seconds kLongEnough{10};
  static constexpr std::chrono::seconds kFirstPause{5};
  static constexpr std::chrono::seconds kLongestPause{300};

  /// @param lived  since it was ready; 0: it died while it loaded
  void died(const std::string& model, const std::string& why, base::SteadyClock::duration lived,
            base::Instant now);
  /// The latest death was for want of memory.
  void was_for_memory(const std::string& model);
  /// It was unloaded in peace.
  void left(const std::string& model) { states_.erase(model); }
  /// Nothing for a model that never died, or behaves again.
  std::optional<State> state(const std::string& model) const;
  const std::map<std::string, State>& states() const { return states_; }

 private:
  std::map<std::string, State> states_;
};

}  // namespace hearth::services
