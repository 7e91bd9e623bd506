// Reads /proc/thread-self/schedstat: time computed, time waited, turns.
#include "kernels/run_delay.h"

#include <array>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace hearth::kernels {

RunDelay RunDelay::of_this_thread() {
#ifdef __linux__
  // The file stays that of the thread that opened it.
  return RunDelay(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC));
#else
  return RunDelay(-1);
#endif
}

RunDelay::RunDelay(RunDelay&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

RunDelay::~RunDelay() {
  if (file_ >= 0) ::close(file_);
}

std::optional<std::chrono::nanoseconds> RunDelay::read() const {
  if (file_ < 0) return {};
  std::array<char, 96> text{};
  const auto size = ::pread(file_, text.data(), text.size() - 1, 0);
  if (size <= 0) return {};
  char* behind_computed = nullptr;
  std::strtoull(text.data(), &behind_computed, 10);
  char* behind_waited = nullptr;
  const auto waited = std::strtoull(behind_computed, &behind_waited, 10);
  if (behind_waited == behind_computed) return {};
  return std::chrono::nanoseconds(waited);
}

}  // namespace hearth::kernels
