// Carries a BodyStream to the socket: when to pull, when to fill a silence, how to frame.
#pragma once

#include <memory>
#include <string>

#include "http/exchange.h"
#include "http/head.h"
#include "http/wake_gate.h"
#include "http/wire.h"

namespace hearth::http {

using StreamState = BodyStream::State;

/// One step at a time; the waiting is the caller's. All on the strand.
class BodySender {
 public:
  BodySender(const ServerLimits& limits, std::shared_ptr<Wire> wire, Framing framing,
             std::unique_ptr<BodyStream> stream);
  ~BodySender() { gate_->close(); }
  BodySender(BodySender&&) = delete;
  BodySender& operator=(BodySender&&) = delete;

  /// Pulls if there is a reason to and room for it, and fills a silence. What throws in the stream
  /// aborts it.
  StreamState step();
  /// When step() has something to do even if nothing happens.
  base::Instant next_step() const;

 private:
  void pull();
  void beat();
  void send(std::string_view bytes, bool last);

  const ServerLimits& limits_;
  std::shared_ptr<Wire> wire_;
  Framing framing_;
  std::shared_ptr<WakeGate> gate_;
  std::unique_ptr<BodyStream> stream_;
  StreamState state_ = StreamState::More;
  bool due_ = true;  // something may lie ready from the start
  std::string pulled_;
};

}  // namespace hearth::http
