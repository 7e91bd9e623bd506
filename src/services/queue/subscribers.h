// Who is woken when something has changed.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <utility>

namespace hearth::services {

/// Any thread.
class Subscribers {
 public:
  /// Called from any thread; it must not wait for anything, nor subscribe.
  using Wake = std::function<void()>;

  /// Ends with the object, before the subscribers do: nothing is called after that.
  class Subscription {
   public:
    Subscription(Subscribers* subscribers, int number)
        : subscribers_(subscribers), number_(number) {}
    Subscription(Subscription&& other) noexcept
        : subscribers_(std::exchange(other.subscribers_, nullptr)), number_(other.number_) {}
    Subscription& operator=(Subscription&&) = delete;
    ~Subscription() {
      if (subscribers_ == nullptr) return;
      const std::lock_guard lock(subscribers_->mutex_);
      subscribers_->wakes_.erase(number_);
    }

   private:
    Subscribers* subscribers_;
    int number_;
  };

  [[nodiscard]] Subscription add(Wake wake) {
    const std::lock_guard lock(mutex_);
    wakes_[next_] = std::move(wake);
    return {this, next_++};
  }

  void wake_all() const {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, wake] : wakes_) wake();
  }

 private:
  mutable std::mutex mutex_;
  std::map<int, Wake> wakes_;  // guarded by mutex_
  int next_ = 0;               // guarded by mutex_
};

using Subscription = Subscribers::Subscription;

}  // namespace hearth::services
