// Posting a wake to the strand, at most one at a time.
#include "http/wake_gate.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace hearth::http {

Waker WakeGate::waker() {
  return [gate = shared_from_this()] { gate->wake(); };
}

void WakeGate::wake() {
  if (woken_.exchange(true)) return;  // one is on its way, and it has not been taken
  const std::lock_guard lock(mutex_);
  if (wire_) asio::post(wire_->strand(), [wire = wire_] { wire->notify(); });
}

void WakeGate::close() {
  const std::lock_guard lock(mutex_);
  wire_.reset();
}

}  // namespace hearth::http
