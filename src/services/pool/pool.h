// Loaded models: one worker process each, started on demand, shared by all who ask.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/thread.h"
#include "engine/engine.h"
#include "services/library/model_entry.h"

namespace hearth::services {

/// A worker that is ready: its engine, and what keeps its process alive.
/// The engine goes first: closing its connection is what lets the process end by itself.
struct Worker {
  std::shared_ptr<void> lifetime;  ///< the last owner ends the process
  std::int64_t process = 0;        ///< process id, 0 if it runs within this process
  std::shared_ptr<engine::Engine> engine;
};

/// Starts a worker for a model; blocks until it is ready or refused. Called on a thread of the
/// pool. `on_lost` must be called once if it dies later, from any thread.
using StartWorker = std::function<Result<Worker>(
    const ModelEntry&, std::function<void(double)> progress, std::function<void()> on_lost)>;

enum class ModelState { Unloaded, Loading, Loaded };
std::string_view name(ModelState state);

/// What is (being) loaded, for lists and metrics.
struct LoadedModel {
  std::string id;
  ModelState state = ModelState::Unloaded;
  double progress = 0;  ///< 0..1 while loading
  std::int64_t process = 0;
  engine::EngineStats stats;
  engine::ModelInfo info;  ///< meaningful once loaded
  double idle_s = 0;
};

/// Who uses a model holds the pointer for as long as it does: a model in use is never unloaded.
using Lease = std::shared_ptr<engine::Engine>;
using OnReady = std::function<void(Result<Lease>)>;

/// Loads on demand; all who wait for a model share one load. At most `max_loaded` models: the one
/// unused for the longest time goes first; if all are in use the newcomer is refused with
/// Overloaded. A worker that dies is forgotten, so that the next request starts a new one. Any
/// thread.
class Pool {
 public:
  Pool(std::size_t max_loaded, StartWorker start);
  ~Pool();

  /// Calls `ready` with the model's engine: at once if it is loaded, else from a thread of the
  /// pool. After close() with Cancelled.
  void acquire(const ModelEntry& model, OnReady ready);

  std::vector<LoadedModel> list() const;
  ModelState state(const std::string& id) const;

  /// Ends all workers; running requests fail with EngineLost. Waits for loads under way.
  void close();

 private:
  struct Slot;
  struct Loader;
  using Slots = std::vector<std::shared_ptr<Slot>>;

  void load(std::shared_ptr<Slot> slot);
  void start_loading(const ModelEntry& model, OnReady ready);
  Result<void> make_room(Slots& leaving);
  void take_lost(Slots& leaving);

  const std::size_t max_loaded_;
  const StartWorker start_;
  mutable std::mutex mutex_;
  Slots slots_;                  // guarded by mutex_
  std::vector<Loader> loaders_;  // guarded by mutex_
  bool closed_ = false;          // guarded by mutex_
};

}  // namespace hearth::services
