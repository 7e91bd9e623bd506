// Loaded models: one worker process each, started on demand, shared by all who ask.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/mailbox.h"
#include "base/thread.h"
#include "services/pool/crash_watch.h"
#include "services/pool/pool_options.h"
#include "services/queue/subscribers.h"

namespace hearth::services {

/// Who uses a model holds the pointer for as long as it does: a model in use is never unloaded.
using Lease = std::shared_ptr<engine::Engine>;
using OnReady = std::function<void(Result<Lease>)>;
using OnProgress = std::function<void(double)>;
/// Names somebody who waits for a load; 0: nobody.
using WaitId = std::uint64_t;

/// Loads on demand; all who wait for a model share one load. Models take no more than the budget
/// together, and are no more than `max_loaded`: who is not used leaves for a newcomer, but for
/// pinned and preloaded ones; if nobody can leave the newcomer is refused with what holds the
/// memory. A worker that dies is forgotten, so that the next request starts a new one. Any thread;
/// nothing but close() and what edits what is kept blocks. docs/pool.md has the rules.
class Pool {
 public:
  /// Without a budget and without time: no model leaves but for another.
  Pool(std::size_t max_loaded, StartWorker start);
  Pool(PoolOptions options, PoolWorld world);
  ~Pool();

  /// Calls `ready` with the model's engine: at once if it is loaded, else from a thread of the
  /// pool, after `progress` (0..1) as often as the load tells. After close() with Cancelled.
  /// @param keep  how long the model stays from now on, where the request says so
  /// @returns     for leave(); 0 where the answer has been given
  WaitId acquire(const ModelEntry& model, OnReady ready, OnProgress progress = {},
                 const std::optional<KeepAlive>& keep = {});
  /// Somebody no longer waits: its callbacks are not called any more, but one may be under way. A
  /// load for which nobody is left ends.
  void leave(WaitId wait);

  std::vector<LoadedModel> list() const;
  ModelState state(const std::string& id) const;

  enum class Unload { NotLoaded, LoadCancelled, Unloaded, AfterUse };
  /// Unloads a model, pinned or not: at once, or as soon as nobody uses it. A load under way ends,
  /// and who waits for it gets Cancelled.
  Unload unload(const std::string& id);
  /// Unloads those that nobody uses, in the order of the policy, until so much is free; 0: all of
  /// them. @returns who had to go
  std::vector<std::string> evict(std::uint64_t bytes);

  PoolLimits limits() const;
  /// Holds at once: what is too much leaves, if nobody uses it.
  void set_limits(const PoolLimits& limits);

  /// What is kept of a model; all of it may be empty.
  store::PoolModel known(const std::string& id) const;
  std::vector<store::PoolModel> known() const;
  /// Changes that and keeps it; waits for the disk. Only pinned and preload may change.
  void edit(const std::string& id, const std::function<void(store::PoolModel&)>& change);

  /// Does what time brings: counts deaths, measures, unloads who is idle or too much. Whoever has
  /// no thread for it (PoolOptions::tick_every) calls it.
  void tick();

  /// Memory that something else than a model takes; free again when the object goes.
  class Reservation {
   public:
    Reservation(Pool* pool, int number) : pool_(pool), number_(number) {}
    Reservation(Reservation&& other) noexcept
        : pool_(std::exchange(other.pool_, nullptr)), number_(other.number_) {}
    Reservation& operator=(Reservation&&) = delete;
    ~Reservation();

   private:
    Pool* pool_;
    int number_;
  };
  /// Counts `bytes` against the budget; models that nobody uses leave for them, and are gone when
  /// this returns. Not from within `ready` or `progress`.
  /// @param what  as refusals of others name it: "the conversion of org/model"
  /// @returns     Overloaded where it has to wait: memory is held by others, or the machine is
  ///              short of it; OutOfMemory where it exceeds the budget
  Result<Reservation> reserve(const std::string& what, std::uint64_t bytes);
  /// What is reserved, by name.
  std::vector<std::pair<std::string, std::uint64_t>> reserved() const;

  /// Calls `wake` when list() has changed.
  [[nodiscard]] Subscription subscribe(Subscribers::Wake wake) {
    return subscribers_.add(std::move(wake));
  }

  /// Ends all workers and loads; running requests fail with EngineLost, who waits for a load gets
  /// Cancelled. Not from within `ready` or `progress`.
  void close();

 private:
  struct Slot;
  struct Life;
  struct Waiter;
  struct Seen;
  struct Task;
  using SlotPtr = std::shared_ptr<Slot>;
  using Slots = std::vector<SlotPtr>;

  // With the mutex held (pool.cpp, loading.cpp, leaving.cpp, reserving.cpp, upkeep.cpp).
  std::optional<Result<Lease>> find_or_load(const ModelEntry& model, const ModelWishes& wishes,
                                            Waiter waiter, const std::optional<KeepAlive>& keep);
  Slot* find(const std::string& id) const;
  Lease lease(const Slot& slot) const;
  Result<void> check_crashes(const std::string& id) const;
  LoadNeed need_of_load(const ModelEntry& model, const ModelWishes& wishes) const;
  Result<std::uint64_t> make_room(const ModelEntry& model, const LoadNeed& need, Slots& leaving);
  void start_loading(SlotPtr slot, Slots leaving);
  bool try_smaller(Slot& slot, const Error& error, int tries);
  std::vector<Resident> residents() const;
  Resident resident(const Slot& slot) const;
  std::optional<double> expires(const Slot& slot) const;
  KeepAlive keep_of(const Slot& slot) const;
  bool is_kept(const Slot& slot) const;
  void mind_last_use(Slot& slot) const;
  Slots take(const std::vector<std::size_t>& places, const std::string& why);
  Slots take_lost();
  Slots take_expired();
  Slots take_too_much();
  Slots take_for_pressure(bool pressed);
  void end_later(Slots leaving);
  void run(std::function<void()> body);
  void note_death(const Slot& slot);
  void note_size(Slot& slot, std::uint64_t resident);
  void note_measured(const Slot& slot);
  std::vector<LoadedModel> crashed() const;

  // Without it.
  ModelWishes wishes_for(const ModelEntry& model) const;
  void end(Slots& leaving);
  void look_into(const Slot& slot);
  void log_room(const SlotPtr& slot) const;
  std::map<std::shared_ptr<Life>, Seen> look() const;
  void load(SlotPtr slot);
  Result<Worker> start_worker(const SlotPtr& slot);
  void warm_up(engine::Engine& engine) const;
  std::optional<Result<Lease>> settle(const SlotPtr& slot, Result<Worker> worker, int tries);
  void report(Slot& slot, double progress);
  void await_ends();
  void keep_changes();
  void tell_news() { subscribers_.wake_all(); }

  const PoolWorld world_;
  const KvWishes kv_;
  const std::string warm_up_;
  const std::shared_ptr<base::Mailbox<bool>> alarm_;  // wakes the thread that ticks

  mutable std::mutex mutex_;
  PoolLimits limits_;  // guarded by mutex_, as all up to the empty line
  Slots slots_;
  std::vector<Task> tasks_;
  CrashWatch crashes_;
  std::map<std::string, store::PoolModel> known_;
  std::map<int, std::pair<std::string, std::uint64_t>> reserved_;
  int next_reservation_ = 0;
  std::set<std::string> changed_;  // of known_, not kept yet
  base::Instant shed_at_{};        // when pressure last cost a model
  int ending_ = 0;                 // tasks that end workers
  WaitId last_wait_ = 0;
  bool closed_ = false;
  std::condition_variable ended_;  // a task that ended workers is done

  std::mutex keeping_;  // held while rows go to the disk; nothing else waits for it

  Subscribers subscribers_;

  base::Thread ticking_;
};

}  // namespace hearth::services
