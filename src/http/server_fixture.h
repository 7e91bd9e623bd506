// For tests: a server on a free port, a client that speaks bytes, bodies under a test's control.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"

namespace hearth::http::testing {

/// How long a test waits for what must happen before it fails. Never a measure of speed.
inline constexpr std::chrono::seconds kPatience{30};

/// An answer taken apart.
struct Answer {
  int status = 0;
  Headers headers;
  std::string body;       ///< without chunk framing
  bool complete = false;  ///< false: the connection ended first
};

/// A TCP connection to the server under test. A read that gets nothing within kPatience gives up
/// with what it has.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, int receive_buffer = 0);
  ~RawClient();
  RawClient(RawClient&&) = delete;
  RawClient& operator=(RawClient&&) = delete;

  /// @returns false where the server has closed.
  bool send(std::string_view bytes);
  /// Reads one answer. @param to_head  the request was HEAD: no body follows.
  Answer read_answer(bool to_head = false);
  /// Reads until what came holds `text`, and returns all up to its end (empty if the connection
  /// ended first).
  std::string read_until(std::string_view text);
  /// All until the connection ends.
  std::string read_to_end();
  void half_close();
  void close();

 private:
  bool read_more();
  bool read_chunks(std::string& body);
  std::optional<std::string> take(std::size_t bytes);
  std::optional<std::string> take_line();

  int socket_ = -1;
  std::string inbox_;
};

/// A server whose errors are told as `code_name: message`.
class TestServer {
 public:
  using Adjust = std::function<void(ServerOptions&)>;
  explicit TestServer(Router router, const Adjust& adjust = {});

  std::uint16_t port() const { return server->port(); }
  /// Waits for the record of the request with that id.
  std::optional<AccessRecord> record(std::string_view request_id);
  /// Sends a request on a connection of its own (Host and `Connection: close` are added).
  Answer ask(std::string_view method, std::string_view target, std::string_view headers = {},
             std::string_view body = {}) const;

  std::unique_ptr<Server> server;

 private:
  struct Records {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<AccessRecord> all;
  };
  std::shared_ptr<Records> records_ = std::make_shared<Records>();
};

/// Routes that most tests need: `GET /hello`, `POST` and `DELETE /echo` (bodies up to 1000 bytes),
/// `GET /things/{id...}` (answers the id), `/broken` (throws), `/rude` (bad fields), `/nothing`
/// (204).
Router sample_routes();
/// `GET /hello`, answered with `hello`.
inline constexpr std::string_view kHello = "GET /hello HTTP/1.1\r\nHost: localhost:8000\r\n\r\n";

Response write_test_error(const Request& request, const Error& error);

/// What a test and its BodyStream share.
class Feed {
 public:
  void push(std::string_view bytes);
  void finish(BodyStream::State how = BodyStream::State::End);
  /// Wakes without having anything.
  void wake();
  /// Wait for the stream's start and destruction.
  bool started();
  bool destroyed();
  int pulls();
  std::size_t taken();

  std::string heartbeat;

 private:
  friend class FeedStream;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string ready_;
  Waker wake_;
  BodyStream::State state_ = BodyStream::State::More;
  int pulls_ = 0;
  std::size_t taken_ = 0;
  bool destroyed_ = false;
};

std::unique_ptr<BodyStream> stream_of(std::shared_ptr<Feed> feed);

/// What a test and its PendingResponse share.
class Promise {
 public:
  void answer(std::function<Response()> make);
  bool started();
  bool destroyed();
  int polls();

  std::optional<base::Instant> deadline;                      ///< set before the request
  std::function<std::optional<Response>()> at_deadline = {};  ///< asked by polls after the deadline

 private:
  friend class PromisedResponse;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<Response()> make_;
  Waker wake_;
  int polls_ = 0;
  bool destroyed_ = false;
};

std::unique_ptr<PendingResponse> pending_of(std::shared_ptr<Promise> promise);

}  // namespace hearth::http::testing
