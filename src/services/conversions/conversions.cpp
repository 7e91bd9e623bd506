// Threads that run conversions, the database behind them, and the list that readers see.
#include "services/conversions/conversions.h"

#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"

namespace hearth::services {
namespace {

bool same_conversion(const store::ConversionRow& a, const store::ConversionRow& b) {
  return a.state == b.state && a.place == b.place && a.changed == b.changed && a.error == b.error;
}

}  // namespace

Result<std::unique_ptr<Conversions>> Conversions::open(store::Database& database, int at_once,
                                                       ConversionWorld world) {
  auto rows = TRY_IN("the conversions of last time", store::Conversions(database).list());
  std::unique_ptr<Conversions> conversions(
      new Conversions(database, std::move(world), ConversionQueue(std::move(rows))));
  TRY(conversions->change([]() -> Result<void> { return {}; }));
  for (int i = 0; i < at_once; ++i)
    conversions->threads_.emplace_back("conversion", [self = conversions.get()] { self->work(); });
  return conversions;
}

Conversions::Conversions(store::Database& database, ConversionWorld world, ConversionQueue queue)
    : table_(database), world_(std::move(world)), queue_(std::move(queue)) {}

Conversions::~Conversions() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  news_.notify_all();
  threads_.clear();  // joins them
}

Result<void> Conversions::change(const std::function<Result<void>()>& edit) {
  const std::lock_guard lock(mutex_);
  TRY(edit());
  const auto saved = save();
  publish();
  news_.notify_all();
  return saved;
}

/// A change that nobody waits for: what cannot be written is logged.
void Conversions::note(const store::ConversionRow& row, const std::function<void()>& edit) {
  const auto noted = change([&]() -> Result<void> {
    edit();
    return {};
  });
  if (!noted) log_warn("conversions", "{}: {}", row.model, noted.error().message);
}

Result<void> Conversions::save() {
  TRY(table_.put(queue_.take_changed()));
  for (const std::string& id : queue_.take_removed()) TRY(table_.remove(id));
  return {};
}

Result<std::vector<ConversionQueue::Added>> Conversions::add(
    std::vector<store::ConversionRow> wanted) {
  std::vector<ConversionQueue::Added> added;
  TRY(change([&]() -> Result<void> {
    ConversionQueue with = queue_;
    for (store::ConversionRow& row : wanted) {
      row.id = base::random_id("cv_", 12);
      added.push_back(TRY(with.add(std::move(row), base::unix_seconds())));
    }
    queue_ = std::move(with);
    return {};
  }));
  return added;
}

Result<void> Conversions::cancel(const std::string& id, bool keep_partial) {
  std::optional<store::ConversionRow> rests;
  TRY(change([&]() -> Result<void> {
    const bool runs = progress_.contains(id);
    TRY(queue_.cancel(id, base::unix_seconds()));
    if (keep_partial) return {};
    if (runs)
      discard_.insert(id);
    else
      rests = *queue_.find(id);
    return {};
  }));
  if (rests) world_.discard(*rests);
  return {};
}

Result<void> Conversions::retry(const std::string& id) {
  return change([&] { return queue_.retry(id, base::unix_seconds()); });
}

Result<void> Conversions::move(const std::string& id, std::size_t place) {
  return change([&] { return queue_.move(id, place); });
}

Result<void> Conversions::forget(const std::string& id) {
  return change([&] { return queue_.forget(id); });
}

void Conversions::publish() {
  std::vector<Conversion> now;
  now.reserve(queue_.rows().size());
  for (const store::ConversionRow& row : queue_.rows()) {
    const auto at = progress_.find(row.id);
    now.push_back({.row = row, .progress = at == progress_.end() ? JobProgress() : at->second});
  }
  published_.publish(std::move(now), [](const Conversion& a, const Conversion& b) {
    return same_conversion(a.row, b.row) && a.progress == b.progress;
  });
}

void Conversions::work() {
  for (;;) {
    std::optional<store::ConversionRow> row;
    {
      std::unique_lock lock(mutex_);
      news_.wait(lock, [&] { return closing_ || (row = queue_.next()); });
      if (closing_) return;
      queue_.claim(row->id);
      progress_[row->id];
    }
    attempt(*row);
  }
}

/// Finds room and runs it, or puts it off for a while.
void Conversions::attempt(const store::ConversionRow& row) {
  auto room = world_.reserve(row);
  if (!room && room.error().code == ErrorCode::Overloaded) return put_off(row, room.error());
  if (!room) return end(row, fail(std::move(room).error()));
  note(row, [&] { queue_.begin(row.id, base::unix_seconds()); });
  const auto how = run(row);
  room->reset();  // before it is told to have ended: who sees that finds the memory free
  if (!how && how.error().code == ErrorCode::Overloaded) return put_off(row, how.error());
  end(row, how);
}

Result<std::string> Conversions::run(const store::ConversionRow& row) {
  const auto go_on = [&] {
    const std::lock_guard lock(mutex_);
    return !closing_ && queue_.goes_on(row.id);
  };
  const auto progress = [&](const JobProgress& now) {
    const std::lock_guard lock(mutex_);
    progress_[row.id] = now;
    publish();
  };
  if (!go_on()) return fail(ErrorCode::Cancelled, "stopped");
  return world_.run(row, {.go_on = go_on, .progress = progress});
}

void Conversions::put_off(const store::ConversionRow& row, const Error& why) {
  bool waits = false;
  note(row, [&] {
    waits = queue_.goes_on(row.id);
    if (!waits) return;
    progress_.erase(row.id);
    queue_.put_off(row, why, base::unix_seconds());
  });
  if (!waits) return end(row, fail(ErrorCode::Cancelled, "stopped"));
  std::unique_lock lock(mutex_);
  news_.wait_for(lock, world_.try_again_after, [&] { return closing_; });
}

void Conversions::end(const store::ConversionRow& row, const Result<std::string>& how) {
  bool discards = false;
  {
    const std::lock_guard lock(mutex_);
    discards = discard_.erase(row.id) > 0;
  }
  // Before it is told to have ended: who sees that finds no files.
  if (discards && !how) world_.discard(row);
  if (how) world_.completed(row);
  note(row, [&] {
    progress_.erase(row.id);
    queue_.ended(row.id, how, base::unix_seconds());
  });
  if (how)
    log_info("conversions", "{} is made of {}", row.target, row.model);
  else if (how.error().code != ErrorCode::Cancelled)
    log_warn("conversions", "{}: {}", row.model, how.error().message);
}

}  // namespace hearth::services
