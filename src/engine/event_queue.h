// The events of one request on their way from the engine's threads to its reader.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/engine.h"

namespace hearth::engine {

/// Events wait here until the reader takes them. Consecutive deltas of one kind merge and progress
/// replaces progress, so a reader that sleeps costs no more memory than the text itself.
/// Any thread may call; shared by producer and Generation.
class EventQueue {
 public:
  /// @param whole  the reader wants the answer as a whole: text and progress wait, and wake nobody
  ///               until something else comes
  explicit EventQueue(bool whole = false) : whole_(whole) {}

  /// Adds an event; after the last one (Finished or Failed), or once abandoned, it is dropped.
  void push(Event event);

  std::vector<Event> drain();
  /// Blocks until there are events; empty once the last one was taken.
  std::vector<Event> wait();

  /// Sets who is told when events wait where none did; told at once if some do. When this returns,
  /// no earlier `wake` runs any more (unless called from within it).
  void on_ready(std::function<void()> wake);

  /// The reader is gone: drops what is here and wakes nobody any more.
  void abandon();
  bool abandoned() const { return abandoned_.load(std::memory_order_relaxed); }

 private:
  void wake_reader();
  static bool merge(Event& last, Event& next);
  bool can_wait(const Event& event) const;

  const bool whole_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Event> events_;  // guarded by mutex_
  bool ended_ = false;         // guarded by mutex_: the last event was pushed
  bool told_ = false;          // guarded by mutex_: the reader knows that events wait
  std::atomic<bool> abandoned_ = false;

  // Held while the reader is told, so that it can be sure not to be told after it left. Recursive:
  // the reader may drain or leave from within.
  std::recursive_mutex wake_mutex_;
  std::shared_ptr<const std::function<void()>> wake_;  // guarded by wake_mutex_
};

}  // namespace hearth::engine
