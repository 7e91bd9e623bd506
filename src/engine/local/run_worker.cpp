// A whole worker process: signals, loading with progress, one server.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <mlx/memory.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mailbox.h"
#include "base/thread.h"
#include "engine/local/machine_guard.h"
#include "engine/open_local.h"
#include "engine/open_remote.h"
#include "engine/remote/worker_session.h"
#include "kernels/weight_memory.h"
#include "models/model.h"

namespace hearth::engine {
namespace {

constexpr std::chrono::milliseconds kProgressEvery{100};
constexpr unsigned kSecondsToLeave = 10;

/// Tells how much of the weights is in memory, from a thread of its own, until it is destroyed.
class ProgressTicker {
 public:
  ProgressTicker(std::uint64_t weight_bytes, const LoadProgress& progress)
      : thread_("load-progress", [this, weight_bytes, &progress] { run(weight_bytes, progress); }) {
  }
  ~ProgressTicker() {
    done_.close();
    thread_.join();
  }

 private:
  void run(std::uint64_t weight_bytes, const LoadProgress& progress) {
    while (!done_.closed()) {
      const auto held =
          static_cast<double>(mlx::core::get_active_memory() + kernels::weight_memory_held());
      progress(
          std::min(held / static_cast<double>(std::max<std::uint64_t>(weight_bytes, 1)), 0.99));
      done_.wait_until(base::SteadyClock::now() + kProgressEvery);
    }
  }

  base::Mailbox<bool> done_;  // only ever closed
  base::Thread thread_;
};

Result<std::unique_ptr<Engine>> open_with_progress(const EngineOptions& options,
                                                   const LoadProgress& progress) {
  const auto facts = models::read_facts(options.folder);
  const ProgressTicker ticker(facts ? facts->weight_bytes : 0, progress);
  return open_local(options);
}

/// The server has gone. Work in hand may take a while to end; a device that hangs must not keep the
/// memory for ever, so the alarm, which nobody handles, ends the process in any case.
void leave(bool still_loading) {
  if (still_loading) std::_Exit(EXIT_SUCCESS);
  ::alarm(kSecondsToLeave);
}

}  // namespace

int run_worker(int fd, const EngineOptions& options) {
  // Ctrl-C and a stop by the service manager reach the whole process group. The server decides:
  // while it drains it still needs its workers, and when it goes the closed socket ends them.
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, SIG_IGN);
  return serve_session(
      fd,
      [&](const LoadProgress& progress) -> Result<std::unique_ptr<Engine>> {
        auto engine = TRY(open_with_progress(options, progress));
        guard_machine();
        return engine;
      },
      leave);
}

}  // namespace hearth::engine
