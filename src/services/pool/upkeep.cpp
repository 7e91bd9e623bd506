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
  const auto seen = look();
  const bool pressed = world_.pressed && world_.pressed();
  bool changed = false;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    for (const SlotPtr& slot : slots_)
      if (const auto found = seen.find(slot->life); found != seen.end()) {
        note_size(*slot, found->second.resident);
        slot->usual_keep = found->second.wishes.keep;
        mind_last_use(*slot);
      }
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

/// What each worker holds now, and what people want of it. Asking takes a while: not under the
/// lock.
std::map<std::shared_ptr<Pool::Life>, Pool::Seen> Pool::look() const {
  struct Loaded {
    std::shared_ptr<Life> life;
    ModelEntry model;
    std::int64_t process;
  };
  std::vector<Loaded> loaded;
  {
    const std::lock_guard lock(mutex_);
    for (const SlotPtr& slot : slots_)
      if (slot->worker && !slot->gone())
        loaded.push_back({slot->life, slot->model, slot->worker->process});
  }
  std::map<std::shared_ptr<Life>, Seen> all;
  for (const auto& [life, model, process] : loaded)
    all.emplace(life, Seen{.resident = world_.resident ? world_.resident(process) : 0,
                           .wishes = wishes_for(model)});
  return all;
}

/// What is beside keys and values is the model's own need, at its worst moment: the process's own
/// share is measured, what a step holds only while it runs is told by the worker.
void Pool::note_size(Slot& slot, std::uint64_t resident) {
  const engine::EngineStats stats = slot.worker->engine->stats();
  const engine::MemoryStats& memory = stats.memory;
  const auto beyond = [](std::uint64_t all, std::uint64_t part) {
    return all > part ? all - part : 0;
  };
  const std::uint64_t process = beyond(resident, stats.active_bytes + memory.spare_bytes);
  const std::uint64_t at_work = memory.work_bytes > 0 ? memory.work_bytes + process : 0;
  slot.measured = std::max(resident, stats.active_bytes);
  slot.peak = std::max({slot.peak, slot.measured, stats.peak_bytes + process, at_work});
  slot.base = std::max({slot.base, beyond(slot.measured, memory.cache_bytes), at_work});
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

/// One after another: rows that were looked at earlier must not be written later.
void Pool::keep_changes() {
  const std::lock_guard one_after_another(keeping_);
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
  rows.reserve(known_.size());
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
