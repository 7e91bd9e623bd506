// Who leaves memory, when and why, and how workers are ended.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "services/pool/slot.h"

namespace hearth::services {
namespace {

/// Pressure is an average over ten seconds: it takes a while to tell what an unloading has helped.
constexpr std::chrono::seconds kBetweenSheddings{5};

/// The places of those who go first, until what they free (bytes, models) is `enough`.
std::vector<std::size_t> first_to_go(
    const std::vector<Resident>& all, Eviction eviction,
    const std::function<bool(std::uint64_t freed, std::size_t gone)>& enough) {
  std::vector<std::size_t> places;
  std::uint64_t freed = 0;
  for (const std::size_t place : eviction_order(all, eviction)) {
    if (enough(freed, places.size())) break;
    freed += all[place].bytes;
    places.push_back(place);
  }
  return places;
}

}  // namespace

bool Pool::is_kept(const Slot& slot) const {
  const auto row = known_.find(slot.model.id);
  return row != known_.end() && (row->second.pinned || row->second.preload);
}

/// The request's word counts most, then the model's, then that for all.
KeepAlive Pool::keep_of(const Slot& slot) const {
  if (slot.keep) return *slot.keep;
  return slot.usual_keep.value_or(limits_.idle);
}

/// Whether the last user's leaving needs to wake the clock.
void Pool::mind_last_use(Slot& slot) const {
  const KeepAlive keep = keep_of(slot);
  slot.life->ends_with_use =
      slot.leaving || (keep.after && keep.after->count() == 0 && !is_kept(slot));
}

/// Seconds until it is unloaded for being idle; nothing: never, or it loads or is used.
std::optional<double> Pool::expires(const Slot& slot) const {
  if (slot.in_use()) return std::nullopt;
  if (slot.leaving) return 0;
  const KeepAlive keep = keep_of(slot);
  if (!keep.after || is_kept(slot)) return std::nullopt;
  return std::max(0.0, seconds(*keep.after - (world_.now() - slot.life->last_used.load())));
}

Resident Pool::resident(const Slot& slot) const {
  return {.id = slot.model.id,
          .bytes = slot.bytes(),
          .idle_s = seconds(world_.now() - slot.life->last_used.load()),
          .uses = slot.uses,
          .expires_s = expires(slot),
          .kept = is_kept(slot),
          .in_use = slot.in_use()};
}

/// Models first, so that their places are those in slots_; what is reserved never leaves.
std::vector<Resident> Pool::residents() const {
  std::vector<Resident> all;
  all.reserve(slots_.size() + reserved_.size());
  for (const SlotPtr& slot : slots_) all.push_back(resident(*slot));
  for (const auto& [number, entry] : reserved_)
    all.push_back({.id = entry.first, .bytes = entry.second, .in_use = true, .is_model = false});
  return all;
}

/// Out of the list, in the order of `places`. @param why  for the log
Pool::Slots Pool::take(const std::vector<std::size_t>& places, const std::string& why) {
  Slots taken;
  for (const std::size_t place : places) {
    note_measured(*slots_[place]);
    crashes_.left(slots_[place]->model.id);
    slots_[place]->why = slots_[place]->leaving ? "somebody ordered it" : why;
    taken.push_back(std::move(slots_[place]));
  }
  std::erase(slots_, nullptr);
  return taken;
}

Pool::Slots Pool::take_lost() {
  Slots leaving, staying;
  for (SlotPtr& slot : slots_) {
    const bool gone = slot->gone();
    if (gone) note_death(*slot);
    (gone ? leaving : staying).push_back(std::move(slot));
  }
  slots_ = std::move(staying);
  return leaving;
}

void Pool::note_death(const Slot& slot) {
  note_measured(slot);
  const base::Instant now = world_.now();
  crashes_.died(slot.model.id, "it ended unexpectedly", now - slot.ready_at, now);
}

Pool::Slots Pool::take_expired() {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (const auto left = expires(*slots_[i]); left && *left <= 0) places.push_back(i);
  return take(places, "nobody uses it");
}

/// What is beyond the limits, after they were lowered or models took more than was planned.
Pool::Slots Pool::take_too_much() {
  const MemoryRules& rules = limits_.rules;
  const std::vector<Resident> all = residents();
  std::uint64_t held = 0;
  for (const Resident& one : all) held += one.bytes;
  const auto allowed = [&](std::uint64_t freed, std::size_t gone) {
    return (rules.budget_bytes == 0 || held - freed <= rules.budget_bytes) &&
           (rules.max_loaded == 0 || slots_.size() - gone <= rules.max_loaded);
  };
  return take(first_to_go(all, rules.eviction, allowed),
              "the models in memory are more than the limits allow");
}

Pool::Slots Pool::take_for_pressure(bool pressed) {
  const base::Instant now = world_.now();
  if (!pressed || now - shed_at_ < kBetweenSheddings) return {};
  const auto order = eviction_order(residents(), limits_.rules.eviction);
  if (order.empty()) return {};
  shed_at_ = now;
  return take({order.front()}, "this machine is short of memory");
}

void Pool::end_later(Slots leaving) {
  if (leaving.empty()) return;
  ++ending_;
  run([this, leaving = std::move(leaving)]() mutable {
    end(leaving);
    const std::lock_guard lock(mutex_);
    --ending_;
    ended_.notify_all();
  });
}

/// On a thread of the pool, without the lock: workers need a while to end.
void Pool::end(Slots& leaving) {
  for (const SlotPtr& slot : leaving)
    if (slot->gone())
      look_into(*slot);
    else
      log_info("pool", "unloading {}: {}", slot->model.id, slot->why);
  leaving.clear();
}

/// Why a worker died, and what follows from it.
void Pool::look_into(const Slot& slot) {
  const std::string& id = slot.model.id;
  const bool killed = slot.worker->killed && slot.worker->killed();
  std::optional<CrashWatch::State> state;
  {
    const std::lock_guard lock(mutex_);
    if (killed) crashes_.was_for_memory(id);
    state = crashes_.state(id);
  }
  log_warn("pool", "the worker of {} {}", id,
           killed ? "was killed, as the system does when memory runs out" : "ended unexpectedly");
  const base::Instant now = world_.now();
  if (state && state->blocked(now))
    log_error("pool", "the worker of {} died {} times in a row; next try in {:.0f} s", id,
              state->deaths, seconds(state->next_try - now));
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

Pool::Unload Pool::unload(const std::string& id) {
  std::vector<Waiter> waiting;
  std::shared_ptr<LoadSwitch> stop;
  Unload outcome = Unload::NotLoaded;
  {
    const std::lock_guard lock(mutex_);
    Slot* slot = closed_ ? nullptr : find(id);
    if (slot == nullptr || slot->gone()) return outcome;
    if (slot->state == ModelState::Loading) {
      slot->cancelled = true;
      waiting = std::exchange(slot->waiting, {});
      stop = slot->stop;
      outcome = Unload::LoadCancelled;
    } else {
      slot->leaving = true;
      mind_last_use(*slot);  // who goes just now rings the alarm
      outcome = slot->in_use() ? Unload::AfterUse : Unload::Unloaded;
      end_later(take_expired());
    }
  }
  if (stop) stop->cancel();
  const auto cancelled = fail(ErrorCode::Cancelled, "the load of {} was cancelled", id);
  for (const Waiter& waiter : waiting) waiter.ready(cancelled);
  keep_changes();
  tell_news();
  return outcome;
}

std::vector<std::string> Pool::evict(std::uint64_t bytes) {
  std::vector<std::string> gone;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return gone;
    const std::vector<Resident> all = residents();
    const auto places = first_to_go(all, limits_.rules.eviction, [&](std::uint64_t freed, auto) {
      return bytes > 0 && freed >= bytes;
    });
    for (const std::size_t place : places) gone.push_back(all[place].id);
    end_later(take(places, "somebody ordered it"));
  }
  keep_changes();
  tell_news();
  return gone;
}

}  // namespace hearth::services
