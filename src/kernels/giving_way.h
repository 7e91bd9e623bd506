// How many threads of a pool take part while other programs want the same cores.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "kernels/run_delay.h"
#include "kernels/thread_pool.h"

namespace hearth::kernels {

/// Lowers and raises a number of threads, by how long they waited for a core.
///
/// Where another program computes, one thread more than there are free cores costs more than it
/// gives: the system lets two take turns on one core, each product waits for the one that is not
/// there, and of qwen3-0.6b on two cores 43 tokens/s are left where one thread alone makes 51.
/// Those that must wait are sent away for a while, and tried again.
class TeamSize {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit TeamSize(unsigned threads) : threads_(threads), size_(threads) {}

  unsigned size() const { return size_; }

  /// Whether enough time has gone by since the last look.
  bool due(Time now) const { return now - last_ >= kWindow; }

  /// Compares with the last look, unless that was too long ago to say anything of now.
  /// @param waited  all threads' waiting for a core since they began
  void look(Time now, std::chrono::nanoseconds waited);

  /// Begins anew, with other threads: their waiting is not compared with what was told before.
  void restart(Time now, std::chrono::nanoseconds waited);

  static constexpr std::chrono::milliseconds kWindow{50};
  static constexpr std::chrono::milliseconds kShortRest{100};
  static constexpr std::chrono::milliseconds kLongRest{800};

 private:
  void send_away(Time now, double cores);
  void take_back();

  unsigned threads_;
  unsigned size_;
  Time last_{};
  std::chrono::nanoseconds last_waited_{0};
  Time rests_until_{};
  std::chrono::milliseconds rest_ = kShortRest;
  bool tried_ = false;  // the last look took one back
};

/// The crew of the process's pool.
class GivingWay final : public Crew {
 public:
  explicit GivingWay(unsigned threads) : size_(threads) {}

  void joins() override;
  unsigned size() override;

 private:
  std::optional<std::chrono::nanoseconds> waited() const;

  TeamSize size_;
  std::thread::id caller_;  // whose waiting the last look knew; nobody's where it knew none
  mutable std::mutex mutex_;
  std::vector<RunDelay> workers_;  // under mutex_
};

}  // namespace hearth::kernels
