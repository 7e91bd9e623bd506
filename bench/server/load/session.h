// What every workload works with: the target, the clock, and connections that are used again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "load/connection.h"
#include "load/statistics.h"

namespace hearth::load {

/// One run of one workload. Everything happens on the thread that calls run().
class Session {
 public:
  explicit Session(Target target) : target_(std::move(target)) {}

  /// Runs a coroutine and all that it started to their end; passes its exception on.
  void run(std::function<Task<void>()> workload);

  /// Starts a request beside what else runs; `record` must live until run() returns.
  void start(Wanted wanted, Record& record);
  /// Runs a request to its end.
  Task<void> ask(Wanted wanted, Record& record);
  /// A connection of its own, that the caller may close.
  std::unique_ptr<Connection> connection() {
    return std::make_unique<Connection>(io_, target_, watch_);
  }
  Task<void> sleep_until(double seconds);
  void spawn(Task<void> task);

  const Stopwatch& watch() const { return watch_; }

 private:
  asio::io_context io_{1};
  Target target_;
  Stopwatch watch_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

}  // namespace hearth::load
