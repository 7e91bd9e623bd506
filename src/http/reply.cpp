// Whole, streamed and pending answers.
#include "http/reply.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"
#include "http/body_sender.h"
#include "http/wake_gate.h"

namespace hearth::http {
namespace {

constexpr std::size_t kSentWithItsHead = std::size_t{16} * 1024;  // in one piece

bool may_have_body(int status) {
  return status >= 200 && status != 204 && status != 304;
}

}  // namespace

std::string Reply::head(const Response& response, Framing framing, std::size_t length) {
  exchange_.status = response.status;
  return write_head(response, {.framing = framing,
                               .length = length,
                               .http10 = exchange_.http10,
                               .keep_alive = exchange_.keep_alive,
                               .request_id = exchange_.request.id});
}

Task<bool> Reply::send(Response response) {
  while (auto* later = std::get_if<std::unique_ptr<PendingResponse>>(&response.body)) {
    auto waiting = std::move(*later);
    auto ready = co_await await_pending(std::move(waiting));
    if (!ready) co_return false;
    response = std::move(*ready);
  }
  const bool streamed = std::holds_alternative<std::unique_ptr<BodyStream>>(response.body);
  if (streamed) co_return co_await send_stream(std::move(response));
  co_return co_await send_whole(std::move(response));
}

Task<std::optional<Response>> Reply::await_pending(std::unique_ptr<PendingResponse> later) {
  const auto gate = std::make_shared<WakeGate>(wire_);
  std::optional<Response> ready;
  bool due = true;
  try {
    later->start(gate->waker());
  } catch (const std::exception& thrown) {
    ready = shared_.broke(exchange_.request, thrown.what());
  }
  while (!ready) {
    if (wire_->ended()) {
      exchange_.client_left = true;
      exchange_.status = 499;
      break;
    }
    const auto now = base::SteadyClock::now();
    const auto deadline = later->deadline();
    due |= gate->take() || (deadline && now >= *deadline);
    if (std::exchange(due, false)) ready = poll(*later);
    if (ready) break;
    // A deadline that stays in the past must not become a busy loop.
    const auto soonest = now + std::chrono::milliseconds(10);
    co_await wire_->wait(std::max(later->deadline().value_or(base::Instant::max()), soonest));
  }
  gate->close();
  co_return ready;
}

std::optional<Response> Reply::poll(PendingResponse& later) const {
  try {
    return later.poll();
  } catch (const std::exception& thrown) {
    return shared_.broke(exchange_.request, thrown.what());
  }
}

Task<bool> Reply::send_whole(Response response) {
  const auto* fixed = std::get_if<std::string_view>(&response.body);
  auto* owned = std::get_if<std::string>(&response.body);
  const std::size_t length = fixed ? fixed->size() : owned->size();
  const bool has_body = may_have_body(response.status);
  std::string first = head(response, has_body ? Framing::Length : Framing::NoBody, length);
  const bool with_body = has_body && exchange_.request.method != Method::Head;
  const bool together = with_body && owned && length <= kSentWithItsHead;
  if (together) first += *owned;
  wire_->send(std::move(first));
  if (with_body && fixed) wire_->send_view(*fixed);
  if (with_body && owned && !together) wire_->send(std::move(*owned));
  co_return co_await flush();
}

Task<bool> Reply::send_stream(Response response) {
  auto stream = std::move(std::get<std::unique_ptr<BodyStream>>(response.body));
  if (exchange_.http10) exchange_.keep_alive = false;
  const auto framing = exchange_.http10 ? Framing::UntilClose : Framing::Chunked;
  const bool has_body = may_have_body(response.status) && exchange_.request.method != Method::Head;
  wire_->send(head(response, may_have_body(response.status) ? framing : Framing::NoBody));
  if (!has_body) co_return co_await flush();

  BodySender sender(shared_.limits, wire_, framing, std::move(stream));
  StreamState state = StreamState::More;
  while (!wire_->ended() && !drop_stalled()) {
    state = sender.step();
    if (state != StreamState::More) break;
    co_await wire_->wait(std::min(sender.next_step(), write_deadline()));
  }
  const bool whole = state != StreamState::More && co_await flush();
  if (state == StreamState::End) co_return whole;
  exchange_.client_left = wire_->ended();
  // A chunked body without its last chunk is visibly cut off; any other would pass for whole
  // without an error.
  if (state == StreamState::Abort && framing == Framing::Chunked)
    wire_->close();
  else
    wire_->reset();
  co_return false;
}

Task<bool> Reply::flush() {
  while (wire_->unsent() > 0 && !wire_->broken() && !drop_stalled())
    co_await wire_->wait(write_deadline());
  exchange_.client_left = wire_->unsent() > 0;
  co_return !exchange_.client_left;
}

base::Instant Reply::write_deadline() const {
  if (wire_->unsent() == 0) return base::Instant::max();
  return wire_->last_output() + shared_.limits.write_timeout;
}

bool Reply::drop_stalled() {
  if (base::SteadyClock::now() < write_deadline()) return false;
  log_info("http", "{}: dropped a client that read nothing for {} ms", exchange_.request.id,
           shared_.limits.write_timeout.count());
  wire_->reset();
  return true;
}

}  // namespace hearth::http
