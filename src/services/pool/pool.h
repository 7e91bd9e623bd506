// Loaded models: one worker process each, started on demand, shared by all who ask.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
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
  std::shared_ptr<void> lifetime;  ///< the last owner ends the process; that may take seconds
  std::int64_t process = 0;        ///< process id, 0 if it runs within this process
  std::shared_ptr<engine::Engine> engine;
};

/// Starts a worker for a model; blocks until it is ready or refused. Called on a thread of the
/// pool. `progress` (0..1) may be called until it returns; `on_lost` must be called once if the
/// worker dies later, from any thread.
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
  double idle_s = 0;       ///< since the last user went; 0 while somebody uses it
};

/// Who uses a model holds the pointer for as long as it does: a model in use is never unloaded.
using Lease = std::shared_ptr<engine::Engine>;
using OnReady = std::function<void(Result<Lease>)>;
using OnProgress = std::function<void(double)>;

/// Loads on demand; all who wait for a model share one load. At most `max_loaded` models: the one
/// unused for the longest time goes first; if all are in use the newcomer is refused with
/// Overloaded. A worker that dies is forgotten, so that the next request starts a new one. Any
/// thread; nothing but close() blocks.
class Pool {
 public:
  Pool(std::size_t max_loaded, StartWorker start);
  ~Pool();

  /// Calls `ready` with the model's engine: at once if it is loaded, else from a thread of the
  /// pool, after `progress` (0..1) as often as the load tells. After close() with Cancelled.
  void acquire(const ModelEntry& model, OnReady ready, OnProgress progress = {});

  std::vector<LoadedModel> list() const;
  ModelState state(const std::string& id) const;

  /// Ends all workers; running requests fail with EngineLost, who waits for a load gets Cancelled.
  /// Waits for loads under way. Not from within `ready` or `progress`.
  void close();

 private:
  struct Slot;
  struct Life;
  struct Waiter;
  struct Task;
  using Slots = std::vector<std::shared_ptr<Slot>>;

  std::optional<Result<Lease>> find_or_load(const ModelEntry& model, Waiter waiter);
  void start_loading(const ModelEntry& model, Waiter waiter, Slots leaving);
  void load(std::shared_ptr<Slot> slot);
  Result<Lease> settle(const std::shared_ptr<Slot>& slot, Result<Worker> worker);
  void report(Slot& slot, double progress);
  Result<void> make_room(Slots& leaving);
  Slots take_lost();
  void end_later(Slots leaving);
  void run(std::function<void()> body);
  static Lease lease(const Slot& slot);

  const std::size_t max_loaded_;
  const StartWorker start_;
  mutable std::mutex mutex_;
  Slots slots_;              // guarded by mutex_
  std::vector<Task> tasks_;  // guarded by mutex_
  bool closed_ = false;      // guarded by mutex_
};

}  // namespace hearth::services
