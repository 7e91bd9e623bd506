// A worker as the pool sees it: how one is started, and what keeps it alive.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"
#include "engine/engine.h"
#include "services/library/model_entry.h"
#include "services/pool/load_switch.h"

namespace hearth::services {

/// A worker that is ready: its engine, and what keeps its process alive.
/// The engine goes first: closing its connection is what lets the process end by itself.
struct Worker {
  std::shared_ptr<void> lifetime;  ///< the last owner ends the process; that may take seconds
  std::int64_t process = 0;        ///< process id, 0 if it runs within this process
  /// Whether the process was ended by SIGKILL, which is how the system ends one for want of memory.
  /// Waits for its end, which is near; may be null.
  std::function<bool()> killed = {};
  std::shared_ptr<engine::Engine> engine;
};

/// What is to be loaded, and how.
struct LoadOrder {
  ModelEntry model;
  std::uint64_t kv_bytes = 0;            ///< for keys and values; 0: the worker plans
  std::function<void(double)> progress;  ///< 0..1; may be called until the start returns
  std::function<void()> on_lost;         ///< called once if the worker dies later, from any thread
  std::shared_ptr<LoadSwitch> stop;  ///< armed while the load can be ended; then it is EngineLost
};

/// Starts a worker for a model; blocks until it is ready or refused. Called on a thread of the
/// pool.
using StartWorker = std::function<Result<Worker>(const LoadOrder&)>;

}  // namespace hearth::services
