// Loading, sharing, evicting and forgetting workers.
#include "services/pool/pool.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/log.h"

namespace hearth::services {

/// Somebody who waits for a load.
struct Pool::Waiter {
  OnReady ready;
  OnProgress progress;
};

/// What users and the engine's own threads may touch. They never hold the slot itself: whoever lets
/// go of it last ends the worker, and that must be a thread of the pool.
struct Pool::Life {
  std::atomic<bool> lost = false;
  std::atomic<int> users = 0;
  std::atomic<base::Instant> last_used = base::SteadyClock::now();
};

/// One model's place. The fields are guarded by the pool's mutex, but for the atomics.
struct Pool::Slot {
  ModelEntry model;
  ModelState state = ModelState::Loading;
  std::optional<Worker> worker;
  std::vector<Waiter> waiting;
  std::atomic<double> progress = 0;
  const std::shared_ptr<Life> life = std::make_shared<Life>();

  bool in_use() const { return !worker || life->users > 0; }
  bool gone() const { return life->lost || (worker && worker->engine->lost()); }
};

/// A thread that loads or ends workers; `done` once it may be joined without waiting.
struct Pool::Task {
  std::shared_ptr<std::atomic<bool>> done;
  base::Thread thread;
};

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
  }
  return "unloaded";
}

Pool::Pool(std::size_t max_loaded, StartWorker start)
    : max_loaded_(max_loaded), start_(std::move(start)) {}

Pool::~Pool() {
  close();
}

void Pool::acquire(const ModelEntry& model, OnReady ready, OnProgress progress) {
  std::optional<Result<Lease>> answer;
  {
    const std::lock_guard lock(mutex_);
    answer = find_or_load(model, {ready, std::move(progress)});
  }
  if (answer) ready(std::move(*answer));
}

/// The answer if it is known already; else the waiter waits.
std::optional<Result<Lease>> Pool::find_or_load(const ModelEntry& model, Waiter waiter) {
  if (closed_) return shutting_down();
  Slots leaving = take_lost();
  const auto found = std::find_if(slots_.begin(), slots_.end(),
                                  [&](const auto& slot) { return slot->model.id == model.id; });
  if (found == slots_.end()) {
    if (auto room = make_room(leaving); !room) {
      end_later(std::move(leaving));
      return fail(std::move(room).error());
    }
    start_loading(model, std::move(waiter), std::move(leaving));
    return std::nullopt;
  }
  end_later(std::move(leaving));
  if ((*found)->state == ModelState::Loaded) return lease(**found);
  (*found)->waiting.push_back(std::move(waiter));
  return std::nullopt;
}

/// Counts its user for as long as a copy of the pointer lives. It keeps the engine, not the
/// worker's process: that is the pool's to end.
Lease Pool::lease(const Slot& slot) {
  const std::shared_ptr<engine::Engine>& engine = slot.worker->engine;
  ++slot.life->users;
  return {engine.get(), [engine, life = slot.life](engine::Engine*) {
            life->last_used = base::SteadyClock::now();
            --life->users;
          }};
}

/// Those who leave are ended first, so that their memory is free for the newcomer.
void Pool::start_loading(const ModelEntry& model, Waiter waiter, Slots leaving) {
  auto slot = std::make_shared<Slot>();
  slot->model = model;
  slot->waiting.push_back(std::move(waiter));
  slots_.push_back(slot);
  run([this, slot = std::move(slot), leaving = std::move(leaving)]() mutable {
    leaving.clear();
    load(std::move(slot));
  });
}

void Pool::end_later(Slots leaving) {
  if (!leaving.empty()) run([leaving = std::move(leaving)]() mutable { leaving.clear(); });
}

void Pool::run(std::function<void()> body) {
  std::erase_if(tasks_, [](const Task& task) { return task.done->load(); });
  auto done = std::make_shared<std::atomic<bool>>(false);
  tasks_.push_back({done, base::Thread("pool", [done, body = std::move(body)]() mutable {
                      body();
                      body = {};  // what it holds goes before the thread counts as done
                      *done = true;
                    })});
}

Pool::Slots Pool::take_lost() {
  Slots leaving, staying;
  for (auto& slot : slots_) (slot->gone() ? leaving : staying).push_back(std::move(slot));
  slots_ = std::move(staying);
  return leaving;
}

Result<void> Pool::make_room(Slots& leaving) {
  while (slots_.size() >= max_loaded_) {
    auto oldest = slots_.end();
    for (auto at = slots_.begin(); at != slots_.end(); ++at)
      if (!(*at)->in_use() && (oldest == slots_.end() ||
                               (*at)->life->last_used.load() < (*oldest)->life->last_used.load()))
        oldest = at;
    if (oldest == slots_.end())
      return fail(Error{
          .code = ErrorCode::Overloaded,
          .message = fmt::format("all {} models that may be loaded at once are in use: try again "
                                 "soon, or raise pool.max_loaded",
                                 max_loaded_),
          .retry_after = std::chrono::seconds(5)});
    log_info("pool", "unloading {} to make room", (*oldest)->model.id);
    leaving.push_back(std::move(*oldest));
    slots_.erase(oldest);
  }
  return {};
}

void Pool::load(std::shared_ptr<Slot> slot) {
  const auto began = base::SteadyClock::now();
  log_info("pool", "loading {}", slot->model.id);
  auto worker = start_(
      slot->model, [this, &slot = *slot](double progress) { report(slot, progress); },
      [life = slot->life] { life->lost = true; });
  Result<Lease> answer = settle(slot, std::move(worker));
  if (answer)
    log_info("pool", "{} is ready after {:.0f} ms", slot->model.id, base::elapsed_ms(began));
  else
    log_error("pool", "{}", answer.error().message);
  std::vector<Waiter> waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting = std::exchange(slot->waiting, {});
  }
  slot.reset();  // from here on the model is used only by those who asked for it
  for (std::size_t i = 0; i + 1 < waiting.size(); ++i) waiting[i].ready(answer);
  if (!waiting.empty()) waiting.back().ready(std::move(answer));
}

/// The slot becomes a loaded model, or leaves.
Result<Lease> Pool::settle(const std::shared_ptr<Slot>& slot, Result<Worker> worker) {
  const std::lock_guard lock(mutex_);
  if (worker && !closed_) {
    slot->worker = std::move(*worker);
    slot->state = ModelState::Loaded;
    return lease(*slot);
  }
  std::erase(slots_, slot);
  if (!worker) return fail(std::move(worker).error());
  return shutting_down();
}

void Pool::report(Slot& slot, double progress) {
  slot.progress = progress;
  std::vector<OnProgress> listeners;
  {
    const std::lock_guard lock(mutex_);
    for (const Waiter& waiter : slot.waiting)
      if (waiter.progress) listeners.push_back(waiter.progress);
  }
  for (const OnProgress& listener : listeners) listener(progress);
}

std::vector<LoadedModel> Pool::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<LoadedModel> models;
  for (const auto& slot : slots_) {
    if (slot->gone()) continue;
    LoadedModel& model = models.emplace_back();
    model.id = slot->model.id;
    model.state = slot->state;
    model.progress = slot->progress;
    if (!slot->in_use()) model.idle_s = base::elapsed_ms(slot->life->last_used) / 1000;
    if (!slot->worker) continue;
    model.process = slot->worker->process;
    model.info = slot->worker->engine->model();
    model.stats = slot->worker->engine->stats();
  }
  return models;
}

ModelState Pool::state(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  for (const auto& slot : slots_)
    if (slot->model.id == id && !slot->gone()) return slot->state;
  return ModelState::Unloaded;
}

void Pool::close() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    tasks.swap(tasks_);
  }
  tasks.clear();  // joins
  Slots leaving;  // goes after the lock: ending a worker can take a while
  const std::lock_guard lock(mutex_);
  leaving.swap(slots_);
}

}  // namespace hearth::services
