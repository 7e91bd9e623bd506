// From any thread to a connection's strand: many wakes become one.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "http/response.h"
#include "http/wire.h"

namespace hearth::http {

/// Lives as long as any Waker made from it; closed before the connection ends, so that a late wake
/// touches nothing.
class WakeGate : public std::enable_shared_from_this<WakeGate> {
 public:
  explicit WakeGate(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}

  Waker waker();
  /// Strand: whether anybody woke since the last call.
  bool take() { return woken_.exchange(false); }
  /// Strand.
  void close();

 private:
  void wake();

  std::atomic<bool> woken_ = false;
  std::mutex mutex_;
  std::shared_ptr<Wire> wire_;  // guarded by mutex_; null once closed
};

}  // namespace hearth::http
