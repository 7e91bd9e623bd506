// One client's socket as a coroutine sees it: bytes that came, bytes to go, one thing to wait for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include "http/asio.h"

namespace hearth::http {

/// Reading and writing go on by themselves whenever the coroutine waits, so a client that leaves is
/// seen at once, whatever the coroutine is busy with. All on the connection's strand.
class Wire : public std::enable_shared_from_this<Wire> {
 public:
  /// @param inbox_limit  unread bytes above which the socket is not read.
  Wire(Socket socket, std::size_t inbox_limit);

  /// What the client sent and nobody consumed yet. Valid until the next wait or consume.
  std::string_view inbox() const { return std::string_view(inbox_).substr(consumed_); }
  void consume(std::size_t bytes);
  /// All bytes that ever came.
  std::uint64_t received() const { return received_; }
  /// The client will send nothing more: it closed its side, or the connection is gone.
  bool ended() const { return ended_ || broken_; }
  bool broken() const { return broken_; }

  void send(std::string bytes);
  /// The bytes must live as long as the program.
  void send_view(std::string_view bytes);
  /// One attempt without waiting, past what is queued. For a socket that will be closed at once.
  void send_now(std::string_view bytes);
  std::size_t unsent() const { return unsent_; }
  std::uint64_t sent() const { return sent_; }
  /// When the socket last took bytes, or had to start taking some.
  base::Instant last_output() const { return last_output_; }
  /// Lets the silence begin anew.
  void touch() { last_output_ = base::SteadyClock::now(); }

  /// Returns when something has happened (bytes came or went, notify, the end) or at `until`. May
  /// return early.
  Task<void> wait(base::Instant until);
  /// Ends the present or the next wait. Strand; see WakeGate for other threads.
  void notify();

  /// No more bytes will be sent: the client sees the end once it has read everything.
  void finish_sending();
  void close();
  /// Closes so that the client gets an error instead of an end.
  void reset();

  Strand strand() { return socket_.get_executor(); }

 private:
  struct Piece {
    std::string owned;
    std::string_view fixed;  // used where `owned` is empty
    std::string_view bytes() const { return owned.empty() ? fixed : std::string_view(owned); }
  };

  void queue(Piece piece);
  void set_alarm(base::Instant until);
  void arm_read();
  void read_now();
  void write_now();
  void arm_write();
  void wrote(std::size_t bytes);
  void fail();

  Socket socket_;
  Timer signal_;  // never rings: notify() cancels it
  Timer alarm_;
  base::Instant alarm_at_ = base::Instant::max();  // max: not set
  std::size_t inbox_limit_;
  std::string inbox_;
  std::size_t consumed_ = 0;  // of inbox_
  std::uint64_t received_ = 0;
  std::deque<Piece> outbox_;
  std::size_t front_sent_ = 0;  // of outbox_.front()
  std::size_t unsent_ = 0;
  std::uint64_t sent_ = 0;
  base::Instant last_output_ = base::SteadyClock::now();
  bool reading_ = false;
  bool writing_ = false;
  bool ended_ = false;
  bool broken_ = false;
  bool notified_ = false;
};

}  // namespace hearth::http
