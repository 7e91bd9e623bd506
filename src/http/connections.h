// All open connections of a server: counted, told to stop, waited for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_set>

#include "http/connection.h"

namespace hearth::http {

/// Any thread.
class Connections {
 public:
  explicit Connections(std::size_t limit) : limit_(limit) {}

  enum class Door : std::uint8_t {
    Open,
    Full,    ///< the limit is reached
    Closed,  ///< close_door() was called
  };

  /// Adds it where the door is open. @returns how the door was found.
  Door add(std::shared_ptr<Connection> connection);
  void remove(const std::shared_ptr<Connection>& connection);

  /// No more connections come in, and those there are end once nothing is being answered.
  void close_door();
  void abort_all();
  /// @returns whether all were gone within `patience`.
  bool wait_until_empty(std::chrono::milliseconds patience);

 private:
  std::size_t limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_set<std::shared_ptr<Connection>> open_;  // guarded by mutex_
  bool closing_ = false;                                  // guarded by mutex_
};

}  // namespace hearth::http
