// How a load under way is ended from another thread.
#pragma once

#include <functional>
#include <mutex>
#include <utility>

namespace hearth::services {

/// Whoever loads arms it with what ends the load, and disarms it before that is gone. Any thread.
class LoadSwitch {
 public:
  /// `act` is called at most once, at once if cancel() came first. It must not wait.
  void arm(std::function<void()> act) {
    const std::lock_guard lock(mutex_);
    if (cancelled_)
      act();
    else
      act_ = std::move(act);
  }
  /// From here on nothing is called.
  void disarm() {
    const std::lock_guard lock(mutex_);
    act_ = nullptr;
  }
  void cancel() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (act_) std::exchange(act_, nullptr)();
  }

 private:
  std::mutex mutex_;
  std::function<void()> act_;  // guarded by mutex_
  bool cancelled_ = false;     // guarded by mutex_
};

}  // namespace hearth::services
