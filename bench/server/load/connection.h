// One keep-alive connection to the server under test: sends a request, reads its answer.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "load/asio.h"
#include "load/prompts.h"
#include "load/record.h"

namespace hearth::load {

/// The server under test, and how its answers are read.
struct Target {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string model;
  std::uint32_t characters_per_token = 0;  ///< see AnswerReader
};

/// Seconds since the run began.
class Stopwatch {
 public:
  double now() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }
  std::chrono::steady_clock::time_point at(double seconds) const {
    return began_ +
           std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point began_ = Clock::now();
};

/// A request at a time. What goes wrong stands in the Record; a lost connection is opened anew by
/// the next request.
class Connection {
 public:
  Connection(asio::io_context& io, const Target& target, const Stopwatch& watch)
      : socket_(io), target_(target), watch_(watch) {}

  /// Runs one request. `record` grows while it runs, and must outlive it.
  Task<void> run(Wanted wanted, Record& record);
  /// Leaves at once, as a client that is closed: a request under way ends with an error.
  void close();

 private:
  Task<void> connect();
  Task<boost::system::error_code> attempt(const std::string& request, bool streamed,
                                          Record& record);
  Task<void> read_answer(bool streamed, Record& record);

  Socket socket_;
  const Target& target_;
  const Stopwatch& watch_;
  bool answered_ = false;  // a byte of the present answer has come
  std::vector<char> buffer_ = std::vector<char>(64 * 1024);
};

}  // namespace hearth::load
