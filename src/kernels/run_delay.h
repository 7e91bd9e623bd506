// How long a thread was ready to run while other threads had its core.
#pragma once

#include <chrono>
#include <optional>

namespace hearth::kernels {

/// The system's account of one thread. Linux keeps it; elsewhere nothing is known.
class RunDelay {
 public:
  /// Of the calling thread, for as long as that lives; any thread may read it.
  static RunDelay of_this_thread();

  RunDelay(RunDelay&& other) noexcept;
  RunDelay& operator=(RunDelay&&) = delete;
  ~RunDelay();

  /// In all the thread's life.
  std::optional<std::chrono::nanoseconds> read() const;

 private:
  explicit RunDelay(int file) : file_(file) {}

  int file_;
};

}  // namespace hearth::kernels
