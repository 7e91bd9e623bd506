// What the pool is told, what it asks the outside world, and what it tells of its models.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/engine.h"
#include "services/pool/keep_alive.h"
#include "services/pool/load_need.h"
#include "services/pool/room.h"
#include "services/pool/worker.h"
#include "store/pool_models.h"

namespace hearth::services {

/// What can be changed while the pool works.
struct PoolLimits {
  MemoryRules rules;
  KeepAlive idle{.after = std::chrono::minutes(30)};  ///< of models that say nothing else
};

struct PoolOptions {
  PoolLimits limits;
  KvWishes kv;
  std::string warm_up;                      ///< a prompt that each model reads first; empty: none
  std::vector<store::PoolModel> known;      ///< from earlier runs
  std::chrono::milliseconds tick_every{0};  ///< of a thread of its own; 0: others call tick()
};

/// What people set for one model.
struct ModelWishes {
  std::optional<std::uint32_t> context_length;  ///< that it is loaded with; 0: its own
  std::optional<KeepAlive> keep;
};

/// The outside world. All but `start` may be empty. Called without locks.
struct PoolWorld {
  StartWorker start;
  std::function<base::Instant()> now = [] { return base::SteadyClock::now(); };
  std::function<std::uint64_t(std::int64_t process)> resident = {};  ///< bytes in memory
  std::function<ModelWishes(const ModelEntry&)> wishes = {};         ///< asked for often
  std::function<bool()> pressed = {};                      ///< the machine is short of memory
  std::function<void(const store::PoolModel&)> keep = {};  ///< for later runs; may block
};

/// Crashed: its workers died again and again, and it is left alone for a while.
enum class ModelState { Unloaded, Loading, Loaded, Crashed };
std::string_view name(ModelState state);

/// What a model takes.
struct ModelMemory {
  std::uint64_t planned_bytes = 0;   ///< what it may take; what it did take where that is more
  std::uint64_t kv_bytes = 0;        ///< of them for keys and values
  std::uint64_t measured_bytes = 0;  ///< at the last look; 0: not known yet
  std::uint64_t peak_bytes = 0;      ///< the most since it was loaded
};

/// What is (being) loaded, for lists and metrics.
struct LoadedModel {
  std::string id;
  ModelState state = ModelState::Unloaded;
  double progress = 0;  ///< 0..1 while loading
  std::int64_t process = 0;
  engine::EngineStats stats;
  engine::ModelInfo info;  ///< meaningful once loaded
  double idle_s = 0;       ///< since the last user went; 0 while somebody uses it
  ModelMemory memory = {};
  std::uint64_t uses = 0;   ///< since it was loaded
  std::uint32_t users = 0;  ///< now; while loading those who wait
  bool pinned = false;
  bool preload = false;
  bool leaving = false;                  ///< it is unloaded as soon as nobody uses it
  std::optional<double> expires_s = {};  ///< until it is unloaded for being idle; none: never
  std::string error = {};                ///< of a crashed one: why its worker died
  double retry_s = 0;                    ///< of a crashed one: until it may be tried again
};

}  // namespace hearth::services
