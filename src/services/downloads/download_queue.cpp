// States and order of downloads.
#include "services/downloads/download_queue.h"

#include <algorithm>
#include <utility>

namespace hearth::services {
namespace {

using store::DownloadState;

/// Ended downloads that the list remembers.
constexpr std::size_t kMostEnded = 100;

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
  for (Row& row : rows_)
    if (is_active(row.state)) set_state(row, DownloadState::Pending, row.changed);
}

DownloadQueue::Added DownloadQueue::add(const hub::SnapshotRequest& request, std::string id,
                                        std::int64_t now) {
  const auto same = [&](const Row& row) { return same_request(row, request); };
  if (const auto old = std::ranges::find_if(rows_, same); old != rows_.end()) {
    if (!has_ended(old->state)) return {.id = old->id, .joined = true};
    if (!run_.contains(old->id)) remove(std::string(old->id));
  }
  rows_.push_back({.id = std::move(id),
                   .repository = request.repository,
                   .revision = request.revision,
                   .include = request.patterns.include,
                   .exclude = request.patterns.exclude,
                   .place = rows_.empty() ? 0 : rows_.back().place + 1,
                   .created = now});
  set_state(rows_.back(), DownloadState::Pending, now);
  const Added added{.id = rows_.back().id};
  forget_old();
  return added;
}

Result<void> DownloadQueue::pause(const std::string& id, std::int64_t now) {
  Row& row = *TRY(known(id));
  if (has_ended(row.state))
    return fail(ErrorCode::InvalidArgument, "the download of {} is {}: there is nothing to pause",
                row.repository, store::name(row.state));
  if (run_.contains(id)) stopped_.insert(id);
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
  if (run_.contains(id)) stopped_.insert(id);
  set_state(row, DownloadState::Cancelled, now);
  return {};
}

Result<void> DownloadQueue::move(const std::string& id, std::size_t place) {
  const Row moved = *TRY(known(id));
  if (!waits(moved.state))
    return fail(ErrorCode::InvalidArgument,
                "the download of {} is {}: only those that wait can be moved", moved.repository,
                store::name(moved.state));
  std::erase_if(rows_, [&](const Row& row) { return row.id == id; });
  auto at = rows_.begin();
  for (std::size_t before = 0; at != rows_.end(); ++at)
    if (waits(at->state) && before++ == place) break;
  rows_.insert(at, moved);
  number();
  return {};
}

Result<void> DownloadQueue::forget(const std::string& id) {
  const Row& row = *TRY(known(id));
  if (!has_ended(row.state) || run_.contains(id))
    return fail(ErrorCode::InvalidArgument,
                "the download of {} has not ended yet: cancel it first, or wait a moment",
                row.repository);
  remove(std::string(id));
  return {};
}

std::optional<DownloadQueue::Row> DownloadQueue::next() const {
  for (const Row& row : rows_)
    if (row.state == DownloadState::Pending && !run_.contains(row.id)) return row;
  return std::nullopt;
}

void DownloadQueue::begin(const std::string& id, std::int64_t now) {
  run_.insert(id);
  set_state(*row(id), DownloadState::Starting, now);
}

void DownloadQueue::planned(const std::string& id, const hub::SnapshotPlan& plan,
                            std::int64_t now) {
  Row& changed = *row(id);
  changed.commit = plan.commit;
  changed.folder = plan.folder.string();
  changed.bytes = plan.bytes;
  changed.done = plan.bytes - plan.missing;
  changed.files = plan.files.size();
  set_state(changed, goes_on(id) ? DownloadState::Downloading : changed.state, now);
}

void DownloadQueue::progressed(const std::string& id, std::uint64_t done) {
  row(id)->done = done;
}

bool DownloadQueue::goes_on(const std::string& id) const {
  return !stopped_.contains(id);
}

void DownloadQueue::ended(const std::string& id, const Result<hub::Snapshot>& how,
                          std::int64_t now) {
  Row& changed = *row(id);
  const bool stopped = stopped_.contains(id);
  run_.erase(id);
  stopped_.erase(id);
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

const DownloadQueue::Row* DownloadQueue::find(const std::string& id) const {
  const auto at = std::ranges::find(rows_, id, &Row::id);
  return at == rows_.end() ? nullptr : &*at;
}

DownloadQueue::Row* DownloadQueue::row(const std::string& id) {
  const auto at = std::ranges::find(rows_, id, &Row::id);
  return at == rows_.end() ? nullptr : &*at;
}

Result<DownloadQueue::Row*> DownloadQueue::known(const std::string& id) {
  if (Row* found = row(id)) return found;
  return fail(ErrorCode::NotFound, "there is no download \"{}\"", id);
}

std::vector<DownloadQueue::Row> DownloadQueue::take_changed() {
  std::vector<Row> rows;
  for (const std::string& id : std::exchange(changed_, {}))
    if (const Row* changed = find(id)) rows.push_back(*changed);
  return rows;
}

std::vector<std::string> DownloadQueue::take_removed() {
  return std::exchange(removed_, {});
}

void DownloadQueue::set_state(Row& row, DownloadState state, std::int64_t now) {
  row.state = state;
  row.changed = now;
  changed_.insert(row.id);
}

void DownloadQueue::remove(const std::string& id) {
  std::erase_if(rows_, [&](const Row& row) { return row.id == id; });
  removed_.push_back(id);
}

void DownloadQueue::forget_old() {
  const auto old = [&](const Row& row) { return has_ended(row.state) && !run_.contains(row.id); };
  while (static_cast<std::size_t>(std::ranges::count_if(rows_, old)) > kMostEnded)
    remove(std::string(std::ranges::find_if(rows_, old)->id));
}

void DownloadQueue::number() {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i);
    if (rows_[i].place == place) continue;
    rows_[i].place = place;
    changed_.insert(rows_[i].id);
  }
}

}  // namespace hearth::services
