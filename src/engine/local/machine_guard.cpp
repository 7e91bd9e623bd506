// Limits that the kernel keeps for us.
#include "engine/local/machine_guard.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "kernels/page_memory.h"
#include "platform/machine.h"

namespace hearth::engine {
namespace {

constexpr std::uint64_t kLeastRoom = 4ULL << 30;
constexpr int kSacrifice = 500;  // of 1000: well before the server, the desktop and the shell

/// Bytes of address space that this process holds; 0 where the system does not tell.
std::uint64_t address_space() {
  std::uint64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void limit_address_space() {
  const std::uint64_t held = address_space();
  if (held == 0) return;
  // What is reserved for keys and values lies within `held`, though little of it is in memory yet.
  const std::uint64_t available = platform::memory().available_bytes;
  const std::uint64_t promised =
      std::min<std::uint64_t>(available, kernels::page_memory_reserved());
  const std::uint64_t room = std::max(kLeastRoom, (available - promised) / 2);
  rlimit limit{};
  if (::getrlimit(RLIMIT_AS, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_cur, held + room);  // never above what is set
  if (::setrlimit(RLIMIT_AS, &limit) != 0)
    return log_warn("engine", "the worker's memory cannot be limited: {}", strerror(errno));
  log_debug("engine", "this worker may grow by {} MiB", room >> 20);
}

}  // namespace

void guard_machine() {
#ifdef __linux__
  limit_address_space();
  std::ofstream("/proc/self/oom_score_adj") << kSacrifice;
#endif
}

}  // namespace hearth::engine
