// Reading requests under their limits, and having them answered.
#include "http/connection.h"

#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "base/log.h"
#include "http/intake.h"
#include "http/reply.h"

namespace hearth::http {
namespace {

using ParserState = RequestParser::State;
using base::Instant;
using base::SteadyClock;

constexpr std::size_t kUnroutedBody = std::size_t{64} * 1024;
constexpr std::chrono::seconds kLingerSilence{2};
constexpr std::chrono::seconds kLingerAtMost{10};

Fault too_slow(std::string_view what, std::chrono::milliseconds limit) {
  return {
      Error{ErrorCode::Timeout, fmt::format("{} did not arrive within {} ms", what, limit.count())},
      0,
      {}};
}

}  // namespace

Connection::Connection(std::shared_ptr<const Shared> shared, std::shared_ptr<Wire> wire,
                       std::string remote)
    : shared_(std::move(shared)), wire_(std::move(wire)), remote_(std::move(remote)) {}

Task<void> Connection::run(std::shared_ptr<Connection> self) {
  try {
    while (co_await self->serve_next()) {
    }
  } catch (const std::exception& thrown) {
    log_error("http", "connection of {} failed: {}", self->remote_, thrown.what());
  }
  if (self->unread_) co_await self->linger();
  self->wire_->close();
}

void Connection::drain() {
  asio::post(wire_->strand(), [self = shared_from_this()] {
    self->draining_ = true;
    self->wire_->notify();
  });
}

void Connection::abort() {
  asio::post(wire_->strand(), [self = shared_from_this()] { self->wire_->reset(); });
}

Task<bool> Connection::serve_next() {
  const bool begun = co_await await_first_byte();
  if (!begun) co_return false;
  RequestParser parser(shared_->limits.header_bytes);
  Exchange exchange;
  parser.request().received = SteadyClock::now();
  parser.request().remote = remote_;
  const std::uint64_t sent_before = wire_->sent();
  const Intake intake = co_await read_request(&exchange, &parser);
  if (intake == Intake::Gone) co_return false;

  exchange.keep_alive = intake == Intake::Ready && parser.keep_alive() && !draining_;
  Response response =
      intake == Intake::Ready ? handle(exchange) : shared_->refuse(exchange.request, *fault_);
  Reply reply(*shared_, wire_, exchange);
  const bool whole = co_await reply.send(std::move(response));
  report(exchange, sent_before);
  unread_ = whole && !exchange.keep_alive;
  co_return whole&& exchange.keep_alive;
}

Task<bool> Connection::await_first_byte() {
  const Instant deadline = SteadyClock::now() + shared_->limits.idle_timeout;
  while (wire_->inbox().empty() || draining_) {
    if (draining_ || wire_->ended() || SteadyClock::now() >= deadline) co_return false;
    co_await wire_->wait(deadline);
  }
  co_return true;
}

Task<Connection::Intake> Connection::read_request(Exchange* exchange, RequestParser* parser) {
  fault_.reset();
  Intake intake = co_await read_head(parser);
  if (intake == Intake::Gone) co_return intake;
  complete_head(*exchange, *parser);
  auto fault =
      judge(*shared_, *exchange);  // also after a fault: the error's form depends on the path
  if (!fault_) fault_ = std::move(fault);
  if (fault_) co_return Intake::Refused;

  if (parser->state() == ParserState::Body) {
    parser->limit_body(exchange->route ? exchange->route->body_limit : kUnroutedBody);
    if (parser->expects_continue() && parser->state() == ParserState::Body &&
        wire_->inbox().empty())
      wire_->send_view("HTTP/1.1 100 Continue\r\n\r\n");
    intake = co_await read_body(parser);
  }
  exchange->request.body = std::move(parser->request().body);
  co_return intake;
}

Task<Connection::Intake> Connection::read_head(RequestParser* parser) {
  const auto limit = shared_->limits.header_timeout;
  const Instant deadline = SteadyClock::now() + limit;
  while (true) {
    wire_->consume(parser->feed(wire_->inbox()));
    if (parser->state() != ParserState::Head) break;
    if (wire_->ended()) co_return Intake::Gone;
    if (SteadyClock::now() >= deadline) {
      fault_ = too_slow("the request's headers", limit);
      co_return Intake::Refused;
    }
    co_await wire_->wait(deadline);
  }
  if (parser->state() != ParserState::Failed) co_return Intake::Ready;
  fault_ = parser->fault();
  co_return Intake::Refused;
}

Task<Connection::Intake> Connection::read_body(RequestParser* parser) {
  const auto limit = shared_->limits.body_timeout;
  Instant deadline = SteadyClock::now() + limit;
  std::uint64_t seen = wire_->received();
  while (true) {
    if (parser->state() == ParserState::Body) wire_->consume(parser->feed(wire_->inbox()));
    if (parser->state() != ParserState::Body) break;
    if (wire_->ended()) co_return Intake::Gone;
    const Instant now = SteadyClock::now();
    if (std::exchange(seen, wire_->received()) != wire_->received()) deadline = now + limit;
    if (now >= deadline) {
      fault_ = too_slow("the next byte of the body", limit);
      co_return Intake::Refused;
    }
    co_await wire_->wait(deadline);
  }
  if (parser->state() == ParserState::Done) co_return Intake::Ready;
  fault_ = parser->fault();
  co_return Intake::Refused;
}

// Closing while the client still sends would destroy the answer on its way: read on for a while and
// drop it.
Task<void> Connection::linger() {
  wire_->finish_sending();
  const Instant last = SteadyClock::now() + kLingerAtMost;
  while (!wire_->ended()) {
    const Instant quiet = std::min(last, SteadyClock::now() + kLingerSilence);
    wire_->consume(wire_->inbox().size());
    const std::uint64_t seen = wire_->received();
    co_await wire_->wait(quiet);
    if (wire_->received() == seen && SteadyClock::now() >= quiet) break;
    if (SteadyClock::now() >= last) break;
  }
}

Response Connection::handle(Exchange& exchange) const {
  if (!exchange.route) {
    Response response;
    response.status = 204;
    response.headers.add("allow", exchange.allow);
    return response;
  }
  try {
    return exchange.route->handler(exchange.request);
  } catch (const std::exception& thrown) {
    return shared_->broke(exchange.request, thrown.what());
  } catch (...) {
    return shared_->broke(exchange.request, "something that is no std::exception was thrown");
  }
}

void Connection::report(const Exchange& exchange, std::uint64_t sent_before) const {
  if (!shared_->observer) return;
  const Request& request = exchange.request;
  AccessRecord record;
  record.request_id = request.id;
  record.remote = request.remote;
  record.method = request.method;
  record.target = request.target.substr(0, request.target.find('?'));
  if (exchange.route) record.route = exchange.route->pattern;
  record.status = exchange.status;
  record.duration_ms = base::elapsed_ms(request.received);
  record.bytes_sent = wire_->sent() - sent_before;
  record.client_left = exchange.client_left;
  shared_->observer(record);
}

}  // namespace hearth::http
