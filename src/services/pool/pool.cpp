// Who asks, who waits, and what there is.
#include "services/pool/pool.h"

#include <utility>

#include "services/pool/slot.h"

namespace hearth::services {
namespace {

std::unexpected<Error> shutting_down() {
  return fail(ErrorCode::Cancelled, "the server is shutting down");
}

}  // namespace

std::string_view name(ModelState state) {
  switch (state) {
    case ModelState::Unloaded:
      return "unloaded";
    case ModelState::Loading:
      return "loading";
    case ModelState::Loaded:
      return "loaded";
    case ModelState::Crashed:
      return "crashed";
  }
  return "unloaded";
}

Pool::Pool(std::size_t max_loaded, StartWorker start)
    : Pool(PoolOptions{.limits = {.rules = {.max_loaded = max_loaded}, .idle = {}}},
           PoolWorld{.start = std::move(start)}) {}

Pool::Pool(PoolOptions options, PoolWorld world)
    : world_(std::move(world)),
      kv_(options.kv),
      warm_up_(std::move(options.warm_up)),
      alarm_(std::make_shared<base::Mailbox<bool>>()),
      limits_(options.limits) {
  for (store::PoolModel& row : options.known) known_.emplace(row.model, std::move(row));
  if (options.tick_every.count() == 0) return;
  ticking_ = base::Thread("pool-clock", [this, every = options.tick_every] {
    while (!alarm_->closed()) {
      alarm_->wait_until(base::SteadyClock::now() + every);
      alarm_->drain();
      tick();
    }
  });
}

Pool::~Pool() {
  close();
}

WaitId Pool::acquire(const ModelEntry& model, OnReady ready, OnProgress progress,
                     const std::optional<KeepAlive>& keep) {
  const ModelWishes wishes = wishes_for(model);
  std::optional<Result<Lease>> answer;
  WaitId wait = 0;
  {
    const std::lock_guard lock(mutex_);
    wait = ++last_wait_;
    answer = find_or_load(model, wishes,
                          {.id = wait, .ready = ready, .progress = std::move(progress)}, keep);
  }
  tell_news();
  if (!answer) return wait;
  std::exchange(ready, nullptr)(std::move(*answer));
  return 0;
}

Pool::Slot* Pool::find(const std::string& id) const {
  for (const SlotPtr& slot : slots_)
    if (slot->model.id == id) return slot.get();
  return nullptr;
}

/// The answer if it is known already; else the waiter waits.
std::optional<Result<Lease>> Pool::find_or_load(const ModelEntry& model, const ModelWishes& wishes,
                                                Waiter waiter,
                                                const std::optional<KeepAlive>& keep) {
  if (closed_) return shutting_down();
  Slots leaving = take_lost();
  Slot* slot = find(model.id);
  if (slot == nullptr) {
    const LoadNeed need = need_of_load(model, wishes);
    auto kv_bytes = make_room(model, need, leaving);
    if (!kv_bytes) {
      end_later(std::move(leaving));
      return fail(std::move(kv_bytes).error());
    }
    auto fresh = std::make_shared<Slot>();
    fresh->model = model;
    fresh->life = std::make_shared<Life>(world_.now, alarm_, world_.now());
    fresh->need = need;
    fresh->kv_bytes = *kv_bytes;
    slot = fresh.get();
    start_loading(std::move(fresh), std::exchange(leaving, {}));
  }
  end_later(std::move(leaving));
  if (keep) slot->keep = keep;
  slot->usual_keep = wishes.keep;
  mind_last_use(*slot);
  ++slot->uses;
  if (slot->state == ModelState::Loaded) return lease(*slot);
  slot->waiting.push_back(std::move(waiter));
  return std::nullopt;
}

/// Counts its user for as long as a copy of the pointer lives. It keeps the engine, not the
/// worker's process: that is the pool's to end.
Lease Pool::lease(const Slot& slot) const {
  const std::shared_ptr<engine::Engine>& engine = slot.worker->engine;
  ++slot.life->users;
  return {engine.get(), [engine, life = slot.life](engine::Engine*) {
            life->last_used = life->now();
            if (--life->users == 0 && life->ends_with_use) life->alarm->post(true);
          }};
}

void Pool::leave(WaitId wait) {
  std::optional<Waiter> gone;  // goes after the lock
  std::shared_ptr<LoadSwitch> stop;
  {
    const std::lock_guard lock(mutex_);
    for (const SlotPtr& slot : slots_) {
      auto& waiting = slot->waiting;
      const auto found = std::find_if(waiting.begin(), waiting.end(),
                                      [&](const Waiter& waiter) { return waiter.id == wait; });
      if (found == waiting.end()) continue;
      gone = std::move(*found);
      waiting.erase(found);
      if (!waiting.empty()) break;
      slot->cancelled = true;
      stop = slot->stop;
      break;
    }
  }
  if (stop) stop->cancel();
}

std::vector<LoadedModel> Pool::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<LoadedModel> models;
  for (const SlotPtr& slot : slots_) {
    if (slot->gone()) continue;
    LoadedModel& model = models.emplace_back();
    model.id = slot->model.id;
    model.state = slot->state;
    model.progress = slot->progress;
    if (!slot->in_use()) model.idle_s = seconds(world_.now() - slot->life->last_used.load());
    model.memory = {.planned_bytes = slot->bytes(),
                    .kv_bytes = slot->kv_bytes,
                    .measured_bytes = slot->measured,
                    .peak_bytes = slot->peak};
    model.uses = slot->uses;
    model.users = static_cast<std::uint32_t>(slot->worker ? slot->life->users.load()
                                                          : static_cast<int>(slot->waiting.size()));
    model.leaving = slot->leaving;
    model.expires_s = expires(*slot);
    if (const auto row = known_.find(model.id); row != known_.end()) {
      model.pinned = row->second.pinned;
      model.preload = row->second.preload;
    }
    if (!slot->worker) continue;
    model.process = slot->worker->process;
    model.info = slot->worker->engine->model();
    model.stats = slot->worker->engine->stats();
  }
  for (LoadedModel& model : crashed()) models.push_back(std::move(model));
  return models;
}

/// Those that are left alone for a while.
std::vector<LoadedModel> Pool::crashed() const {
  std::vector<LoadedModel> models;
  const base::Instant now = world_.now();
  for (const auto& [id, state] : crashes_.states()) {
    if (!state.blocked(now) || find(id) != nullptr) continue;
    LoadedModel& model = models.emplace_back();
    model.id = id;
    model.state = ModelState::Crashed;
    model.error = state.why;
    model.retry_s = seconds(state.next_try - now);
  }
  return models;
}

ModelState Pool::state(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  if (const Slot* slot = find(id); slot != nullptr && !slot->gone()) return slot->state;
  const auto crashes = crashes_.state(id);
  return crashes && crashes->blocked(world_.now()) ? ModelState::Crashed : ModelState::Unloaded;
}

void Pool::close() {
  std::vector<Task> tasks;
  std::vector<std::shared_ptr<LoadSwitch>> loads;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    tasks.swap(tasks_);
    for (const SlotPtr& slot : slots_)
      if (slot->state == ModelState::Loading) loads.push_back(slot->stop);
  }
  alarm_->close();
  ticking_.join();
  for (const auto& load : loads) load->cancel();
  tasks.clear();  // joins
  Slots leaving;  // goes after the lock: ending a worker can take a while
  {
    const std::lock_guard lock(mutex_);
    for (const SlotPtr& slot : slots_) note_measured(*slot);
    leaving.swap(slots_);
  }
  keep_changes();
}

}  // namespace hearth::services
