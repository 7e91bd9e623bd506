// What time brings, what is measured, and what is kept for later runs.
#include <algorithm>
#include <utility>

#include "services/pool/slot.h"

namespace hearth::services {
namespace {

/// Smaller changes of a measurement are not worth a write.
constexpr double kWorthKeeping = 1.02;

void append(auto& to, auto from) {
  for (auto& one : from) to.push_back(std::move(one));
}

}  // namespace

void Pool::tick() {
  const auto sizes = look();
  const bool pressed = world_.pressed && world_.pressed();
  bool changed = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    for (const SlotPtr& slot : slots_)
      if (const auto size = sizes.find(slot->life); size != sizes.end())
        note_size(*slot, size->second);
    Slots leaving = take_lost();
    append(leaving, take_expired());
    append(leaving, take_too_much());
    append(leaving, take_for_pressure(pressed));
    changed = !leaving.empty();
    end_later(std::move(leaving));
  }
  keep_changes();
  if (changed) tell_news();
}

/// What each worker holds now. Asking the system takes a while: not under the lock.
std::map<std::shared_ptr<Pool::Life>, std::uint64_t> Pool::look() const {
  std::map<std::shared_ptr<Life>, std::int64_t> processes;
  {
    const std::lock_guard lock(mutex_);
    for (const SlotPtr& slot : slots_)
      if (slot->worker && !slot->gone()) processes.emplace(slot->life, slot->worker->process);
  }
  std::map<std::shared_ptr<Life>, std::uint64_t> sizes;
  for (const auto& [life, process] : processes)
    sizes.emplace(life, world_.resident ? world_.resident(process) : 0);
  return sizes;
}

/// Keys and values fill with time: what is beside them is the model's own need.
void Pool::note_size(Slot& slot, std::uint64_t resident) {
  const engine::EngineStats stats = slot.worker->engine->stats();
  slot.measured = std::max(resident, stats.active_bytes);
  slot.peak = std::max({slot.peak, slot.measured, stats.peak_bytes});
  if (slot.measured == 0) return;
  const auto pages = static_cast<double>(stats.pages_used + stats.scheduler.pages_cached);
  const double filled = stats.pages_total > 0 ? pages / stats.pages_total : 0;
  const auto kv = static_cast<std::uint64_t>(static_cast<double>(slot.kv_bytes) * filled);
  slot.base = std::max(slot.base, slot.measured - std::min(kv, slot.measured));
}

/// When a model leaves, what it took is known as well as it will be.
void Pool::note_measured(const Slot& slot) {
  if (slot.base == 0) return;
  store::PoolModel& row = known_[slot.model.id];
  const std::string stamp = stamp_of(slot.model);
  if (row.stamp != stamp) row.base_bytes = row.peak_bytes = 0;
  const auto more = [](std::uint64_t now, std::uint64_t before) {
    return static_cast<double>(now) > static_cast<double>(before) * kWorthKeeping;
  };
  if (!more(slot.base, row.base_bytes) && !more(slot.peak, row.peak_bytes)) return;
  row.model = slot.model.id;
  row.stamp = stamp;
  row.base_bytes = std::max(row.base_bytes, slot.base);
  row.peak_bytes = std::max(row.peak_bytes, slot.peak);
  changed_.insert(row.model);
}

void Pool::keep_changes() {
  std::vector<store::PoolModel> rows;
  {
    const std::lock_guard lock(mutex_);
    for (const std::string& id : std::exchange(changed_, {})) rows.push_back(known_[id]);
  }
  if (world_.keep)
    for (const store::PoolModel& row : rows) world_.keep(row);
}

store::PoolModel Pool::known(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto row = known_.find(id);
  return row == known_.end() ? store::PoolModel{.model = id} : row->second;
}

std::vector<store::PoolModel> Pool::known() const {
  const std::lock_guard lock(mutex_);
  std::vector<store::PoolModel> rows;
  for (const auto& [id, row] : known_) rows.push_back(row);
  return rows;
}

void Pool::edit(const std::string& id, const std::function<void(store::PoolModel&)>& change) {
  {
    const std::lock_guard lock(mutex_);
    store::PoolModel& row = known_[id];
    row.model = id;
    change(row);
    changed_.insert(id);
    if (Slot* slot = find(id)) mind_last_use(*slot);
  }
  keep_changes();
  tell_news();
}

PoolLimits Pool::limits() const {
  const std::lock_guard lock(mutex_);
  return limits_;
}

void Pool::set_limits(const PoolLimits& limits) {
  {
    const std::lock_guard lock(mutex_);
    limits_ = limits;
    for (const SlotPtr& slot : slots_) mind_last_use(*slot);
  }
  tick();
  tell_news();
}

}  // namespace hearth::services
