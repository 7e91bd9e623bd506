// The socket's reads, writes and waits.
#include "http/wire.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace hearth::http {
namespace {

using boost::system::error_code;

constexpr std::size_t kScratchBytes = std::size_t{64} * 1024;
constexpr std::size_t kPiecesPerWrite = 8;

}  // namespace

Wire::Wire(Socket socket, std::size_t inbox_limit)
    : socket_(std::move(socket)),
      signal_(socket_.get_executor(), base::Instant::max()),
      alarm_(socket_.get_executor()),
      inbox_limit_(inbox_limit) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

void Wire::consume(std::size_t bytes) {
  consumed_ += bytes;
  if (consumed_ < inbox_.size()) {
    if (consumed_ < kScratchBytes) return;
    inbox_.erase(0, consumed_);
  } else {
    inbox_.clear();
    if (inbox_.capacity() > kScratchBytes / 4) inbox_.shrink_to_fit();
  }
  consumed_ = 0;
}

void Wire::send(std::string bytes) {
  if (!bytes.empty()) queue({std::move(bytes), {}});
}

void Wire::send_view(std::string_view bytes) {
  if (!bytes.empty()) queue({{}, bytes});
}

void Wire::send_now(std::string_view bytes) {
  error_code ignored;
  socket_.write_some(asio::buffer(bytes), ignored);
}

void Wire::queue(Piece piece) {
  if (broken_) return;
  if (outbox_.empty()) last_output_ = base::SteadyClock::now();
  unsent_ += piece.bytes().size();
  outbox_.push_back(std::move(piece));
  if (!writing_) write_now();
}

Task<void> Wire::wait(base::Instant until) {
  arm_read();
  if (!notified_) {
    set_alarm(until);
    error_code notified;
    co_await signal_.async_wait(asio::redirect_error(asio::use_awaitable_t<Strand>(), notified));
  }
  notified_ = false;
}

void Wire::notify() {
  notified_ = true;
  signal_.cancel();
}

// An alarm that is set already may ring too early, but is not set anew: a stream that waits once
// per token, always for another ten seconds, would tell the system of each.
void Wire::set_alarm(base::Instant until) {
  if (until >= alarm_at_) return;
  alarm_at_ = until;
  alarm_.expires_at(until);
  alarm_.async_wait([weak = weak_from_this()](const error_code& cancelled) {
    const auto self = weak.lock();
    if (cancelled || !self) return;
    self->alarm_at_ = base::Instant::max();
    self->notify();
  });
}

// Waits for readiness and reads into a buffer of the thread: an idle connection owns no buffer.
void Wire::arm_read() {
  if (reading_ || ended() || inbox().size() > inbox_limit_) return;
  reading_ = true;
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->reading_ = false;
    if (error)
      self->fail();
    else
      self->read_now();
  });
}

void Wire::read_now() {
  thread_local std::array<char, kScratchBytes> scratch;
  error_code error;
  const std::size_t bytes = socket_.read_some(asio::buffer(scratch), error);
  if (error == asio::error::would_block) return arm_read();
  if (error == asio::error::eof)
    ended_ = true;
  else if (error)
    return fail();
  inbox_.append(scratch.data(), bytes);
  received_ += bytes;
  notify();
}

// Most writes fit into the socket's buffer: they cost one system call and no hop through the loop.
void Wire::write_now() {
  while (!broken_ && !outbox_.empty()) {
    std::array<asio::const_buffer, kPiecesPerWrite> pieces;
    std::size_t used = 0;
    for (const auto& piece : outbox_) {
      if (used == pieces.size()) break;
      const auto bytes = piece.bytes().substr(used == 0 ? front_sent_ : 0);
      pieces.at(used++) = asio::const_buffer(bytes.data(), bytes.size());
    }
    error_code error;
    const std::size_t bytes = socket_.write_some(pieces, error);
    if (error == asio::error::would_block) return arm_write();
    if (error) return fail();
    wrote(bytes);
  }
}

void Wire::arm_write() {
  writing_ = true;
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const error_code& error) {
    self->writing_ = false;
    if (error)
      self->fail();
    else
      self->write_now();
    self->notify();
  });
}

void Wire::wrote(std::size_t bytes) {
  last_output_ = base::SteadyClock::now();
  sent_ += bytes;
  unsent_ -= bytes;
  front_sent_ += bytes;
  while (!outbox_.empty() && front_sent_ >= outbox_.front().bytes().size()) {
    front_sent_ -= outbox_.front().bytes().size();
    outbox_.pop_front();
  }
}

void Wire::fail() {
  broken_ = true;
  notify();
}

void Wire::finish_sending() {
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void Wire::close() {
  error_code ignored;
  socket_.close(ignored);
  fail();
}

void Wire::reset() {
  error_code ignored;
  socket_.set_option(Socket::linger(true, 0), ignored);
  close();
}

}  // namespace hearth::http
