// Threads that run downloads, the database behind them, and the list that readers see.
#include "services/downloads/downloads.h"

#include <utility>

#include "base/clock.h"
#include "base/id.h"
#include "base/log.h"

namespace hearth::services {
namespace {

hub::SnapshotRequest request_of(const store::DownloadRow& row) {
  return {.repository = row.repository,
          .revision = row.revision,
          .patterns = {.include = row.include, .exclude = row.exclude}};
}

bool same_progress(const hub::Progress& a, const hub::Progress& b) {
  return a.done == b.done && a.files_done == b.files_done && a.bytes_per_s == b.bytes_per_s &&
         a.left == b.left && a.active.size() == b.active.size();
}

bool same_download(const store::DownloadRow& a, const store::DownloadRow& b) {
  return a.state == b.state && a.place == b.place && a.changed == b.changed && a.done == b.done &&
         a.bytes == b.bytes && a.error == b.error;
}

}  // namespace

Result<std::unique_ptr<Downloads>> Downloads::open(store::Database& database, int at_once,
                                                   DownloadSource source) {
  auto rows = TRY_IN("the downloads of last time", store::Downloads(database).list());
  std::unique_ptr<Downloads> downloads(
      new Downloads(database, std::move(source), DownloadQueue(std::move(rows))));
  TRY(downloads->change([]() -> Result<void> { return {}; }));
  for (int i = 0; i < at_once; ++i)
    downloads->threads_.emplace_back("download", [self = downloads.get()] { self->work(); });
  return downloads;
}

Downloads::Downloads(store::Database& database, DownloadSource source, DownloadQueue queue)
    : table_(database), source_(std::move(source)), queue_(std::move(queue)) {}

Downloads::~Downloads() {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  news_.notify_all();
  threads_.clear();  // joins them
}

Result<void> Downloads::change(const std::function<Result<void>()>& edit) {
  const std::lock_guard lock(mutex_);
  TRY(edit());
  const auto saved = save();
  publish();
  news_.notify_all();
  return saved;
}

Result<void> Downloads::save() {
  TRY(table_.put(queue_.take_changed()));
  for (const std::string& id : queue_.take_removed()) TRY(table_.remove(id));
  return {};
}

Result<DownloadQueue::Added> Downloads::add(const hub::SnapshotRequest& request) {
  DownloadQueue::Added added;
  TRY(change([&]() -> Result<void> {
    added = queue_.add(request, base::random_id("dl_", 12), base::unix_seconds());
    return {};
  }));
  return added;
}

Result<void> Downloads::pause(const std::string& id) {
  return change([&] { return queue_.pause(id, base::unix_seconds()); });
}

Result<void> Downloads::resume(const std::string& id) {
  return change([&] { return queue_.resume(id, base::unix_seconds()); });
}

Result<void> Downloads::cancel(const std::string& id, bool keep_partial) {
  std::string repository;
  TRY(change([&]() -> Result<void> {
    const bool runs = progress_.contains(id);
    TRY(queue_.cancel(id, base::unix_seconds()));
    if (keep_partial) return {};
    if (runs)
      remove_partial_.insert(id);
    else
      repository = queue_.find(id)->repository;
    return {};
  }));
  if (!repository.empty()) source_.remove_partial(repository);
  return {};
}

Result<void> Downloads::move(const std::string& id, std::size_t place) {
  return change([&] { return queue_.move(id, place); });
}

Result<void> Downloads::forget(const std::string& id) {
  return change([&] { return queue_.forget(id); });
}

void Downloads::publish() {
  std::vector<Download> now;
  now.reserve(queue_.rows().size());
  for (const store::DownloadRow& row : queue_.rows()) {
    const auto at = progress_.find(row.id);
    now.push_back({.row = row, .progress = at == progress_.end() ? hub::Progress() : at->second});
  }
  published_.publish(std::move(now), [](const Download& a, const Download& b) {
    return same_download(a.row, b.row) && same_progress(a.progress, b.progress);
  });
}

void Downloads::work() {
  for (;;) {
    std::optional<store::DownloadRow> row;
    {
      std::unique_lock lock(mutex_);
      news_.wait(lock, [&] { return closing_ || (row = queue_.next()); });
      if (closing_) return;
      queue_.begin(row->id, base::unix_seconds());
      progress_[row->id];
      if (const auto saved = save(); !saved)
        log_warn("downloads", "{}: {}", row->repository, saved.error().message);
      publish();
    }
    end(row->id, fetch(*row));
  }
}

Result<hub::Snapshot> Downloads::fetch(const store::DownloadRow& row) {
  const std::string& id = row.id;
  const auto go_on = [&] {
    const std::lock_guard lock(mutex_);
    return !closing_ && queue_.goes_on(id);
  };
  const auto planned = [&](const hub::SnapshotPlan& plan) {
    const auto changed = change([&]() -> Result<void> {
      queue_.planned(id, plan, base::unix_seconds());
      return {};
    });
    if (!changed) log_warn("downloads", "{}: {}", row.repository, changed.error().message);
  };
  const auto progress = [&](const hub::Progress& now) {
    const std::lock_guard lock(mutex_);
    queue_.progressed(id, now.done);
    progress_[id] = now;
    publish();
    return !closing_ && queue_.goes_on(id);
  };
  return source_.fetch(request_of(row), {.go_on = go_on, .planned = planned, .progress = progress});
}

void Downloads::end(const std::string& id, const Result<hub::Snapshot>& how) {
  std::optional<store::DownloadRow> ended;
  bool remove_partial = false;
  {
    const std::lock_guard lock(mutex_);
    remove_partial = remove_partial_.erase(id) > 0;
    ended = *queue_.find(id);
  }
  // Before it is told to have ended: who sees that finds no files.
  if (remove_partial && !how) source_.remove_partial(ended->repository);
  if (how && source_.completed) source_.completed(*ended);
  const auto changed = change([&]() -> Result<void> {
    progress_.erase(id);
    queue_.ended(id, how, base::unix_seconds());
    return {};
  });
  if (!changed) log_warn("downloads", "{}: {}", ended->repository, changed.error().message);
  if (!how && how.error().code != ErrorCode::Cancelled)
    log_warn("downloads", "{}: {}", ended->repository, how.error().message);
}

}  // namespace hearth::services
