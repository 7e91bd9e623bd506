// Memory for other work than models, out of the same budget.
#include <fmt/format.h>
#include <utility>

#include "services/memory_text.h"
#include "services/pool/slot.h"

namespace hearth::services {

Result<Pool::Reservation> Pool::reserve(const std::string& what, std::uint64_t bytes) {
  if (world_.pressed && world_.pressed())
    return fail(ErrorCode::Overloaded, "{} waits: this machine is short of memory", what);
  int number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return fail(ErrorCode::Overloaded, "{} waits: the server is shutting down", what);
    MemoryRules rules = limits_.rules;
    if (rules.budget_bytes > 0 && bytes > rules.budget_bytes)
      return fail(ErrorCode::OutOfMemory,
                  "no memory for {}: it takes up to {}, and models and it may take {} together; "
                  "raise pool.memory",
                  what, memory_text(bytes), memory_text(rules.budget_bytes));
    rules.max_loaded = 0;  // it is no model
    auto room = plan_room(residents(), {.id = what, .least_bytes = bytes}, rules);
    if (!room) {
      room.error().code = ErrorCode::Overloaded;  // whoever is pinned may be unpinned
      return fail(std::move(room).error());
    }
    end_later(take(room->leaving, fmt::format("{} needs the room", what)));
    number = next_reservation_++;
    reserved_.emplace(number, std::pair(what, bytes));
  }
  Reservation reservation(this, number);
  await_ends();
  keep_changes();
  tell_news();
  return reservation;
}

Pool::Reservation::~Reservation() {
  if (pool_ == nullptr) return;
  {
    const std::lock_guard lock(pool_->mutex_);
    pool_->reserved_.erase(number_);
  }
  pool_->tell_news();
}

std::vector<std::pair<std::string, std::uint64_t>> Pool::reserved() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::pair<std::string, std::uint64_t>> all;
  for (const auto& [number, entry] : reserved_) all.push_back(entry);
  return all;
}

}  // namespace hearth::services
