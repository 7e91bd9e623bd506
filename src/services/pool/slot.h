// What the pool holds of one model. Private to the pool's own files.
#pragma once

#include <algorithm>
#include <atomic>

#include "services/pool/pool.h"

namespace hearth::services {

/// Changes with the files whose memory was measured.
inline std::string stamp_of(const ModelEntry& model) {
  return fmt::format("{}:{}", model.bytes, model.modified);
}

inline double seconds(base::SteadyClock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// Somebody who waits for a load.
struct Pool::Waiter {
  WaitId id = 0;
  OnReady ready;
  OnProgress progress;
};

/// What a look at a loaded model tells.
struct Pool::Seen {
  std::uint64_t resident = 0;  ///< bytes of its process
  ModelWishes wishes;
};

/// What users and the engine's own threads may touch. They never hold the slot itself: whoever lets
/// go of it last ends the worker, and that must be a thread of the pool.
struct Pool::Life {
  std::function<base::Instant()> now;
  std::shared_ptr<base::Mailbox<bool>> alarm;
  std::atomic<base::Instant> last_used;
  std::atomic<bool> lost = false;
  std::atomic<int> users = 0;
  std::atomic<bool> ends_with_use = false;  ///< its last user rings the alarm
};

/// One model's place. The fields are guarded by the pool's mutex, but for the atomics.
struct Pool::Slot {
  ModelEntry model;
  std::shared_ptr<Life> life;
  LoadNeed need;
  std::uint64_t kv_bytes = 0;
  ModelState state = ModelState::Loading;
  std::optional<Worker> worker;
  std::vector<Waiter> waiting;
  std::atomic<double> progress = 0;
  std::shared_ptr<LoadSwitch> stop = std::make_shared<LoadSwitch>();
  std::optional<KeepAlive> keep = {};        ///< as the latest request that said so
  std::optional<KeepAlive> usual_keep = {};  ///< as set for the model
  bool cancelled = false;                    ///< the load under way is not wanted any more
  bool leaving = false;                      ///< unloaded once nobody uses it
  std::string why = {};                      ///< it left, for the log
  std::uint64_t uses = 0;
  base::Instant ready_at{};
  std::uint64_t measured = 0;  ///< latest
  std::uint64_t base = 0;      ///< the most that was measured beside keys and values
  std::uint64_t peak = 0;

  bool in_use() const { return !worker || life->users > 0; }
  /// Its worker has died. While it loads the load's own thread notices.
  bool gone() const { return worker && (life->lost || worker->engine->lost()); }
  std::uint64_t bytes() const {
    if (kv_bytes == 0) return std::max(need.base_bytes, measured);
    return std::max(std::max(need.base_bytes, base) + kv_bytes, measured);
  }
};

/// A thread that loads or ends workers; `done` once it may be joined without waiting.
struct Pool::Task {
  std::shared_ptr<std::atomic<bool>> done;
  base::Thread thread;
};

}  // namespace hearth::services
