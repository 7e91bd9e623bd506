// A queue from many threads to one: the only way threads of Hearth talk to each other.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace hearth::base {

/// Messages in the order posted. `post` and `close` from any thread; `wait` and `drain` by one
/// owner.
template <class Message>
class Mailbox {
 public:
  /// Adds a message; after close() it is dropped and false comes back.
  bool post(Message message) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return false;
      messages_.push_back(std::move(message));
    }
    ready_.notify_one();
    return true;
  }

  /// No more messages will come: wakes the owner.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    ready_.notify_all();
  }

  /// All messages that lie here, without waiting.
  std::deque<Message> drain() {
    const std::lock_guard lock(mutex_);
    return std::exchange(messages_, {});
  }

  /// Sleeps until there is a message; nothing comes back once the box is closed and empty.
  std::optional<Message> wait() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [&] { return closed_ || !messages_.empty(); });
    return take_first();
  }

  /// Like wait(), but gives up at `deadline`.
  std::optional<Message> wait_until(Instant deadline) {
    std::unique_lock lock(mutex_);
    ready_.wait_until(lock, deadline, [&] { return closed_ || !messages_.empty(); });
    return take_first();
  }

  bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  std::optional<Message> take_first() {
    if (messages_.empty()) return std::nullopt;
    std::optional<Message> first(std::move(messages_.front()));
    messages_.pop_front();
    return first;
  }

  mutable std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Message> messages_;  // guarded by mutex_
  bool closed_ = false;           // guarded by mutex_
};

}  // namespace hearth::base
