// Pulling, framing and heartbeats of one streamed body.
#include "http/body_sender.h"

#include <exception>
#include <utility>

#include "base/log.h"

namespace hearth::http {

namespace {

constexpr std::string_view kChunkEnd = "\r\n";
constexpr std::string_view kBodyEnd = "0\r\n\r\n";

}  // namespace

BodySender::BodySender(const ServerLimits& limits, std::shared_ptr<Wire> wire, Framing framing,
                       std::unique_ptr<BodyStream> stream)
    : limits_(limits),
      wire_(std::move(wire)),
      framing_(framing),
      gate_(std::make_shared<WakeGate>(wire_)),
      stream_(std::move(stream)) {
  try {
    stream_->start(gate_->waker());
  } catch (const std::exception& thrown) {
    log_error("http", "a streamed answer failed to start: {}", thrown.what());
    state_ = StreamState::Abort;
  }
}

StreamState BodySender::step() {
  due_ |= gate_->take();
  if (state_ == StreamState::More && due_ && wire_->unsent() <= limits_.stream_buffer_bytes) pull();
  if (state_ == StreamState::More && base::SteadyClock::now() >= next_step()) beat();
  return state_;
}

void BodySender::pull() {
  due_ = false;
  pulled_.clear();
  try {
    state_ = stream_->pull(pulled_);
  } catch (const std::exception& thrown) {
    log_error("http", "a streamed answer failed: {}", thrown.what());
    state_ = StreamState::Abort;
  }
  if (state_ != StreamState::Abort) send(pulled_, state_ == StreamState::End);
  if (state_ != StreamState::End) return;
  gate_->close();
  stream_.reset();
}

base::Instant BodySender::next_step() const {
  const bool silent = wire_->unsent() == 0 && state_ == StreamState::More;
  if (!silent || limits_.heartbeat.count() <= 0) return base::Instant::max();
  return wire_->last_output() + limits_.heartbeat;
}

void BodySender::beat() {
  const auto bytes = stream_->heartbeat();
  if (bytes.empty())
    wire_->touch();  // the silence is wanted: look again after another interval
  else
    send(bytes, /*last=*/false);
}

void BodySender::send(std::string_view bytes, bool last) {
  if (framing_ != Framing::Chunked) return wire_->send(std::string(bytes));
  std::string chunk;
  if (!bytes.empty()) {  // an empty chunk would end the body
    chunk = fmt::format("{:x}\r\n", bytes.size());
    chunk.reserve(chunk.size() + bytes.size() + kChunkEnd.size() + kBodyEnd.size());
    chunk += bytes;
    chunk += kChunkEnd;
  }
  if (last) chunk += kBodyEnd;
  wire_->send(std::move(chunk));
}

}  // namespace hearth::http
