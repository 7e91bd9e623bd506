// Loading, sharing, evicting and forgetting workers.
#include "services/pool/pool.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include "base/log.h"

namespace hearth::services {

/// One model's place. The fields are guarded by the pool's mutex, but for the atomics.
struct Pool::Slot {
  ModelEntry model;
  ModelState state = ModelState::Loading;
  std::atomic<double> progress = 0;
  std::atomic<bool> lost = false;
  std::optional<Worker> worker;
  std::vector<OnReady> waiting;
  base::Instant last_used = base::SteadyClock::now();

  /// Whether somebody beside the pool holds the engine.
  bool in_use() const { return !worker || worker->engine.use_count() > 1; }
};

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

/// A thread that loads one model; `done` once it may be joined without waiting.
struct Pool::Loader {
  std::shared_ptr<std::atomic<bool>> done;
  base::Thread thread;
};

Pool::Pool(std::size_t max_loaded, StartWorker start)
    : max_loaded_(max_loaded), start_(std::move(start)) {}

Pool::~Pool() {
  close();
}

void Pool::acquire(const ModelEntry& model, OnReady ready) {
  Slots leaving;  // ends its workers after the lock is gone: that can take a while
  std::optional<Result<Lease>> answer;
  {
    const std::lock_guard lock(mutex_);
    take_lost(leaving);
    const auto found = std::find_if(slots_.begin(), slots_.end(),
                                    [&](const auto& slot) { return slot->model.id == model.id; });
    if (closed_) {
      answer = fail(ErrorCode::Cancelled, "the server is shutting down");
    } else if (found != slots_.end() && (*found)->state == ModelState::Loaded) {
      (*found)->last_used = base::SteadyClock::now();
      answer = (*found)->worker->engine;
    } else if (found != slots_.end()) {
      (*found)->waiting.push_back(std::move(ready));
    } else if (auto room = make_room(leaving); !room) {
      answer = fail(std::move(room).error());
    } else {
      start_loading(model, std::move(ready));
    }
  }
  if (answer) ready(std::move(*answer));
}

void Pool::start_loading(const ModelEntry& model, OnReady ready) {
  std::erase_if(loaders_, [](const Loader& loader) { return loader.done->load(); });
  auto slot = std::make_shared<Slot>();
  slot->model = model;
  slot->waiting.push_back(std::move(ready));
  slots_.push_back(slot);
  auto done = std::make_shared<std::atomic<bool>>(false);
  loaders_.push_back({done, base::Thread("load", [this, slot, done] {
                        load(slot);
                        *done = true;
                      })});
}

void Pool::take_lost(Slots& leaving) {
  for (const auto& slot : slots_)
    if (slot->lost) leaving.push_back(slot);
  std::erase_if(slots_, [](const auto& slot) { return slot->lost.load(); });
}

Result<void> Pool::make_room(Slots& leaving) {
  while (slots_.size() >= max_loaded_) {
    auto oldest = slots_.end();
    for (auto at = slots_.begin(); at != slots_.end(); ++at)
      if (!(*at)->in_use() && (oldest == slots_.end() || (*at)->last_used < (*oldest)->last_used))
        oldest = at;
    if (oldest == slots_.end())
      return fail(Error{
          .code = ErrorCode::Overloaded,
          .message = fmt::format("all {} models that may be loaded at once are in use: try again "
                                 "soon, or raise pool.max_loaded",
                                 max_loaded_),
          .retry_after = std::chrono::seconds(5)});
    log_info("pool", "unloading {} to make room", (*oldest)->model.id);
    leaving.push_back(*oldest);
    slots_.erase(oldest);
  }
  return {};
}

void Pool::load(std::shared_ptr<Slot> slot) {
  const auto began = base::SteadyClock::now();
  log_info("pool", "loading {}", slot->model.id);
  const std::weak_ptr<Slot> weak = slot;
  auto worker = start_(
      slot->model, [slot](double progress) { slot->progress = progress; },
      [weak] {
        if (const auto gone = weak.lock()) gone->lost = true;
      });
  std::vector<OnReady> waiting;
  Result<Lease> answer = worker ? Result<Lease>(worker->engine) : fail(worker.error());
  {
    const std::lock_guard lock(mutex_);
    waiting = std::move(slot->waiting);
    slot->last_used = base::SteadyClock::now();
    if (worker && !closed_) {
      slot->worker = std::move(*worker);
      slot->state = ModelState::Loaded;
    } else {
      std::erase(slots_, slot);
    }
  }
  if (answer)
    log_info("pool", "{} is ready after {:.0f} ms", slot->model.id, base::elapsed_ms(began));
  else
    log_error("pool", "{}", answer.error().message);
  for (OnReady& ready : waiting) ready(answer);
}

std::vector<LoadedModel> Pool::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<LoadedModel> models;
  for (const auto& slot : slots_) {
    if (slot->lost) continue;
    LoadedModel& model = models.emplace_back();
    model.id = slot->model.id;
    model.state = slot->state;
    model.progress = slot->progress;
    model.idle_s = base::elapsed_ms(slot->last_used) / 1000;
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
    if (slot->model.id == id && !slot->lost) return slot->state;
  return ModelState::Unloaded;
}

void Pool::close() {
  std::vector<Loader> loaders;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    loaders.swap(loaders_);
  }
  loaders.clear();  // joins
  Slots leaving;
  const std::lock_guard lock(mutex_);
  leaving.swap(slots_);
}

}  // namespace hearth::services
