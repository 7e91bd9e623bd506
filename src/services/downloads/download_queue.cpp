// States and order of downloads.
#include "services/downloads/download_queue.h"

#include <algorithm>
#include <utility>

namespace hearth::services {
namespace {

using store::DownloadState;

bool is_active(DownloadState state) {
  return state == DownloadState::Starting || state == DownloadState::Downloading;
}

bool waits(DownloadState state) {
  return state == DownloadState::Pending || state == DownloadState::Paused;
}

bool same_request(const store::DownloadRow& row, const hub::SnapshotRequest& request) {
  return row.repository == request.repository && row.revision == request.revision &&
         row.include == request.patterns.include && row.exclude == request.patterns.exclude;
}

}  // namespace

bool has_ended(DownloadState state) {
  return !is_active(state) && !waits(state);
}

DownloadQueue::DownloadQueue(std::vector<Row> rows) : rows_(std::move(rows)) {
  for (Row& row : rows_.all())
    if (is_active(row.state)) set_state(row, DownloadState::Pending, row.changed);
}

DownloadQueue::Added DownloadQueue::add(const hub::SnapshotRequest& request, std::string id,
                                        std::int64_t now) {
  const auto same = [&](const Row& row) { return same_request(row, request); };
  const auto& all = rows_.all();
  if (const auto old = std::ranges::find_if(all, same); old != all.end()) {
    if (!has_ended(old->state)) return {.id = old->id, .joined = true};
    if (!rows_.runs(old->id)) rows_.remove(old->id);
  }
  Row& added = rows_.append({.id = std::move(id),
                             .repository = request.repository,
                             .revision = request.revision,
                             .include = request.patterns.include,
                             .exclude = request.patterns.exclude,
                             .created = now});
  set_state(added, DownloadState::Pending, now);
  Added result{.id = added.id};
  rows_.keep_newest(kMostEndedRows,
                    [&](const Row& row) { return has_ended(row.state) && !rows_.runs(row.id); });
  return result;
}

Result<void> DownloadQueue::pause(const std::string& id, std::int64_t now) {
  Row& row = *TRY(known(id));
  if (has_ended(row.state))
    return fail(ErrorCode::InvalidArgument, "the download of {} is {}: there is nothing to pause",
                row.repository, store::name(row.state));
  rows_.stop(id);
  set_state(row, DownloadState::Paused, now);
  return {};
}

Result<void> DownloadQueue::resume(const std::string& id, std::int64_t now) {
  Row& row = *TRY(known(id));
  if (row.state == DownloadState::Completed)
    return fail(ErrorCode::InvalidArgument, "{} is here already: ask for it anew to look for news",
                row.repository);
  if (is_active(row.state) || row.state == DownloadState::Pending) return {};
  row.error_code.clear();
  row.error.clear();
  set_state(row, DownloadState::Pending, now);
  return {};
}

Result<void> DownloadQueue::cancel(const std::string& id, std::int64_t now) {
  Row& row = *TRY(known(id));
  if (row.state == DownloadState::Cancelled) return {};
  if (has_ended(row.state))
    return fail(ErrorCode::InvalidArgument, "the download of {} is {}: there is nothing to cancel",
                row.repository, store::name(row.state));
  rows_.stop(id);
  set_state(row, DownloadState::Cancelled, now);
  return {};
}

Result<void> DownloadQueue::move(const std::string& id, std::size_t place) {
  const Row& moved = *TRY(known(id));
  if (!waits(moved.state))
    return fail(ErrorCode::InvalidArgument,
                "the download of {} is {}: only those that wait can be moved", moved.repository,
                store::name(moved.state));
  rows_.move(id, place, [](const Row& row) { return waits(row.state); });
  return {};
}

Result<void> DownloadQueue::forget(const std::string& id) {
  const Row& row = *TRY(known(id));
  if (!has_ended(row.state) || rows_.runs(id))
    return fail(ErrorCode::InvalidArgument,
                "the download of {} has not ended yet: cancel it first, or wait a moment",
                row.repository);
  rows_.remove(id);
  return {};
}

std::optional<DownloadQueue::Row> DownloadQueue::next() const {
  for (const Row& row : rows_.all())
    if (row.state == DownloadState::Pending && !rows_.runs(row.id)) return row;
  return std::nullopt;
}

void DownloadQueue::begin(const std::string& id, std::int64_t now) {
  rows_.begin(id);
  set_state(*rows_.find(id), DownloadState::Starting, now);
}

void DownloadQueue::planned(const std::string& id, const hub::SnapshotPlan& plan,
                            std::int64_t now) {
  Row& changed = *rows_.find(id);
  changed.commit = plan.commit;
  changed.folder = plan.folder.string();
  changed.bytes = plan.bytes;
  changed.done = plan.bytes - plan.missing;
  changed.files = plan.files.size();
  set_state(changed, goes_on(id) ? DownloadState::Downloading : changed.state, now);
}

void DownloadQueue::progressed(const std::string& id, std::uint64_t done) {
  rows_.find(id)->done = done;
}

bool DownloadQueue::goes_on(const std::string& id) const {
  return rows_.goes_on(id);
}

void DownloadQueue::ended(const std::string& id, const Result<hub::Snapshot>& how,
                          std::int64_t now) {
  Row& changed = *rows_.find(id);
  const bool stopped = !rows_.end(id);
  if (how) {
    changed.done = changed.bytes;
    return set_state(changed, DownloadState::Completed, now);
  }
  if (stopped) return set_state(changed, changed.state, now);
  if (how.error().code == ErrorCode::Cancelled)
    return set_state(changed, DownloadState::Pending, now);
  changed.error_code = base::name(how.error().code);
  changed.error = how.error().message;
  set_state(changed, DownloadState::Failed, now);
}

Result<DownloadQueue::Row*> DownloadQueue::known(const std::string& id) {
  if (Row* found = rows_.find(id)) return found;
  return fail(ErrorCode::NotFound, "there is no download \"{}\"", id);
}

void DownloadQueue::set_state(Row& row, DownloadState state, std::int64_t now) {
  row.state = state;
  row.changed = now;
  rows_.touch(row.id);
}

}  // namespace hearth::services
