// A whole worker process: signals, loading with progress, one server.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <mlx/memory.h>
#include <thread>

#include "base/thread.h"
#include "engine/open_local.h"
#include "engine/open_remote.h"
#include "engine/remote/worker_session.h"
#include "models/model.h"

namespace hearth::engine {
namespace {

constexpr std::chrono::milliseconds kProgressEvery{100};

/// Tells how much of the weights is in memory, from a thread of its own, until it is destroyed.
class ProgressTicker {
 public:
  ProgressTicker(std::uint64_t weight_bytes, const LoadProgress& progress)
      : thread_("load-progress", [this, weight_bytes, &progress] { run(weight_bytes, progress); }) {
  }
  ~ProgressTicker() {
    done_ = true;
    thread_.join();
  }

 private:
  void run(std::uint64_t weight_bytes, const LoadProgress& progress) {
    while (!done_) {
      const double held = static_cast<double>(mlx::core::get_active_memory());
      progress(
          std::min(held / static_cast<double>(std::max<std::uint64_t>(weight_bytes, 1)), 0.99));
      std::this_thread::sleep_for(kProgressEvery);
    }
  }

  std::atomic<bool> done_ = false;
  base::Thread thread_;
};

Result<std::unique_ptr<Engine>> open_with_progress(const EngineOptions& options,
                                                   const LoadProgress& progress) {
  const auto facts = models::read_facts(options.folder);
  const ProgressTicker ticker(facts ? facts->weight_bytes : 0, progress);
  return open_local(options);
}

}  // namespace

int run_worker(int fd, const EngineOptions& options) {
  // Ctrl-C and a stop by the service manager reach the whole process group. The server decides:
  // while it drains it still needs its workers, and when it goes the closed socket ends them.
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, SIG_IGN);
  return serve_session(
      fd, [&](const LoadProgress& progress) { return open_with_progress(options, progress); },
      [] { std::_Exit(EXIT_SUCCESS); });
}

}  // namespace hearth::engine
