// From a model on disk to a worker that is ready, or the reason why not.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "services/library/model_json.h"
#include "services/memory_text.h"
#include "services/pool/slot.h"

namespace hearth::services {
namespace {

constexpr int kMostTries = 3;

/// With smaller keys and values, or with fewer neighbours, the same load may go well.
bool is_for_memory(const Error& error) {
  return error.code == ErrorCode::OutOfMemory || error.code == ErrorCode::EngineLost;
}

void log_end(const std::string& id, const Result<Lease>& answer, double ms) {
  if (answer)
    log_info("pool", "{} is ready after {:.0f} ms", id, ms);
  else if (answer.error().code == ErrorCode::Cancelled)
    log_info("pool", "{}", answer.error().message);
  else
    log_error("pool", "{}", answer.error().message);
}

}  // namespace

ModelWishes Pool::wishes_for(const ModelEntry& model) const {
  return world_.wishes ? world_.wishes(model) : ModelWishes{};
}

LoadNeed Pool::need_of_load(const ModelEntry& model, const ModelWishes& wishes) const {
  const auto row = known_.find(model.id);
  const bool measured = row != known_.end() && row->second.stamp == stamp_of(model);
  MemoryNeed need = need_of(model);
  if (need.weight_bytes == 0) need.weight_bytes = model.bytes;
  KvWishes kv = kv_;
  kv.context_length = wishes.context_length.value_or(kv.context_length);
  LoadNeed out =
      load_need(need, measured ? row->second.base_bytes : 0, kv, limits_.rules.budget_bytes);
  // Who was killed for want of memory gets half as much to fill, and half of that.
  if (const auto crashes = crashes_.state(model.id); crashes && crashes->for_memory > 0) {
    const int halvings = std::min(crashes->for_memory, 8);
    out.usual_kv = std::max(out.least_kv, out.usual_kv >> halvings);
    out.most_kv = out.usual_kv;
  }
  return out;
}

Result<void> Pool::check_crashes(const std::string& id) const {
  const auto crashes = crashes_.state(id);
  const base::Instant now = world_.now();
  if (!crashes || !crashes->blocked(now)) return {};
  const auto wait = std::chrono::ceil<std::chrono::seconds>(crashes->next_try - now);
  return fail(Error{
      .code = ErrorCode::EngineLost,
      .message = fmt::format("{} is left alone for {} s: its worker died {} times in a row, the "
                             "last time with: {}; the server's log has its last words",
                             id, wait.count(), crashes->deaths, crashes->why),
      .retry_after = wait});
}

/// @returns what the newcomer gets for keys and values
Result<std::uint64_t> Pool::make_room(const ModelEntry& model, const LoadNeed& need,
                                      Slots& leaving) {
  TRY(check_crashes(model.id));
  const Newcomer newcomer{.id = model.id,
                          .least_bytes = need.base_bytes + need.least_kv,
                          .usual_bytes = need.base_bytes + need.usual_kv,
                          .most_bytes = need.base_bytes + need.most_kv};
  const Room room = TRY(plan_room(residents(), newcomer, limits_.rules));
  for (SlotPtr& slot : take(room.leaving, fmt::format("{} needs the room", model.id)))
    leaving.push_back(std::move(slot));
  return room.bytes - need.base_bytes;
}

/// Those who leave are ended first, so that their memory is free for the newcomer.
void Pool::start_loading(SlotPtr slot, Slots leaving) {
  slots_.push_back(slot);
  run([this, slot = std::move(slot), leaving = std::move(leaving)]() mutable {
    end(leaving);
    load(std::exchange(slot, nullptr));
  });
}

void Pool::log_room(const SlotPtr& slot) const {
  std::uint64_t kv_bytes = 0;
  LoadNeed need;
  {
    const std::lock_guard lock(mutex_);
    kv_bytes = slot->kv_bytes;
    need = slot->need;
  }
  log_info("pool", "loading {}", slot->model.id);
  if (kv_bytes < need.usual_kv)
    log_warn("pool",
             "memory is tight: {} gets {} for keys and values, a whole context would take {}",
             slot->model.id, memory_text(kv_bytes), memory_text(need.usual_kv));
}

void Pool::load(SlotPtr slot) {
  const auto began = base::SteadyClock::now();
  const std::string id = slot->model.id;
  std::optional<Result<Lease>> answer;
  for (int tries = 1; !answer; ++tries) {
    await_ends();
    log_room(slot);
    auto worker = start_worker(slot);
    const std::string error = worker ? std::string() : worker.error().message;
    answer = settle(slot, std::move(worker), tries);
    if (!answer) log_warn("pool", "{}; trying once more", error);
  }
  log_end(id, *answer, base::elapsed_ms(began));
  std::vector<Waiter> waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting = std::exchange(slot->waiting, {});
  }
  slot.reset();  // from here on the model is used only by those who asked for it
  tell_news();
  for (std::size_t i = 0; i + 1 < waiting.size(); ++i) waiting[i].ready(*answer);
  if (!waiting.empty()) waiting.back().ready(std::move(*answer));
}

Result<Worker> Pool::start_worker(const SlotPtr& slot) {
  LoadOrder order;
  {
    const std::lock_guard lock(mutex_);
    order = {.model = slot->model,
             .kv_bytes = slot->kv_bytes,
             .progress = [this, &slot = *slot](double progress) { report(slot, progress); },
             .on_lost =
                 [life = slot->life] {
                   life->lost = true;
                   life->alarm->post(true);
                 },
             .stop = slot->stop};
  }
  slot->life->lost = false;  // the one before may have been
  auto worker = world_.start(order);
  if (worker) warm_up(*worker->engine);
  if (worker && slot->life->lost)
    return fail(ErrorCode::EngineLost, "load {}: its worker died over the warm-up prompt",
                slot->model.id);
  return worker;
}

/// The first prompt that a model reads takes longer than all later ones. One that fails is no
/// reason to refuse the model: whether it answers is for requests to say. Its salt keeps what it
/// computed from requests: they find the prefix cache as empty as they left it.
void Pool::warm_up(engine::Engine& engine) const {
  if (warm_up_.empty()) return;
  const auto running = engine.submit({.id = "warm-up",
                                      .input = engine::TextInput{warm_up_},
                                      .sampling = {.temperature = 0},
                                      .max_tokens = 1,
                                      .reuse_prefix = false,
                                      .cache_salt = "warm-up"});
  while (true) {
    const auto events = running->wait();
    if (events.empty() || std::holds_alternative<engine::Finished>(events.back())) return;
    if (const auto* failed = std::get_if<engine::Failed>(&events.back()))
      return log_warn("pool", "{} could not read its warm-up prompt: {}", engine.model().name,
                      failed->error.message);
  }
}

/// The slot becomes a loaded model, or leaves; nothing: it is tried once more.
std::optional<Result<Lease>> Pool::settle(const SlotPtr& slot, Result<Worker> worker, int tries) {
  const std::lock_guard lock(mutex_);
  if (slot->cancelled && !slot->waiting.empty() && !closed_) {
    slot->cancelled = false;  // somebody came who wants it all the same
    slot->stop = std::make_shared<LoadSwitch>();
    if (!worker) return std::nullopt;
  }
  if (worker && !closed_ && !slot->cancelled) {
    slot->worker = std::move(*worker);
    slot->state = ModelState::Loaded;
    slot->ready_at = world_.now();
    slot->life->last_used = slot->ready_at;
    return lease(*slot);
  }
  if (!worker && !closed_ && !slot->cancelled && try_smaller(*slot, worker.error(), tries))
    return std::nullopt;
  std::erase(slots_, slot);
  if (closed_) return fail(ErrorCode::Cancelled, "the server is shutting down");
  if (slot->cancelled)
    return fail(ErrorCode::Cancelled, "the load of {} was cancelled", slot->model.id);
  Error error = std::move(worker).error();
  if (tries > 1)
    error.message += fmt::format("; tried {} times, at last with {} for keys and values", tries,
                                 memory_text(slot->kv_bytes));
  if (error.code == ErrorCode::EngineLost)
    crashes_.died(slot->model.id, error.message, {}, world_.now());
  return fail(std::move(error));
}

/// After a failure for want of memory: somebody leaves, or the context becomes shorter.
bool Pool::try_smaller(Slot& slot, const Error& error, int tries) {
  if (tries >= kMostTries || !is_for_memory(error)) return false;
  const auto order = eviction_order(residents(), limits_.rules.eviction);
  const bool shorter = slot.kv_bytes / 2 >= slot.need.least_kv && slot.kv_bytes > 1;
  if (order.empty() && !shorter) return false;
  if (shorter) slot.kv_bytes /= 2;
  if (!order.empty())
    end_later(take({order.front()}, fmt::format("there was no memory for {}", slot.model.id)));
  return true;
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
  tell_news();
}

/// What others leave behind must be free before more is taken.
void Pool::await_ends() {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return ending_ == 0; });
}

}  // namespace hearth::services
