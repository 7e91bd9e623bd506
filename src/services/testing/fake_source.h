// For tests: downloads whose every step the test decides.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "services/downloads/downloads.h"

namespace hearth::services::testing {

/// Each download announces 100 bytes in two files, then waits for what the test says of it.
class FakeSource {
 public:
  DownloadSource source() {
    return {
        .fetch = [this](const hub::SnapshotRequest& request,
                        const FetchHooks& hooks) { return fetch(request, hooks); },
        .remove_partial = [this](const std::string& repository) { note(removed, repository); },
        .completed = [this](const store::DownloadRow& row) { note(completed, row.repository); }};
  }

  /// So many bytes of it are there now.
  void bring(const std::string& repository, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    brought_[repository] = bytes;
    news_.notify_all();
  }
  void end(const std::string& repository, Result<hub::Snapshot> how = hub::Snapshot{}) {
    const std::lock_guard lock(mutex_);
    ended_.insert_or_assign(repository, std::move(how));
    news_.notify_all();
  }
  std::vector<std::string> seen(const std::vector<std::string>& list) {
    const std::lock_guard lock(mutex_);
    return list;
  }

  std::vector<std::string> started;    // read with seen()
  std::vector<std::string> removed;    // read with seen()
  std::vector<std::string> completed;  // read with seen()

 private:
  void note(std::vector<std::string>& list, const std::string& repository) {
    const std::lock_guard lock(mutex_);
    list.push_back(repository);
  }

  Result<hub::Snapshot> fetch(const hub::SnapshotRequest& request, const FetchHooks& hooks) {
    note(started, request.repository);
    hub::SnapshotPlan plan{.repository = request.repository, .commit = "c0ffee"};
    plan.files.resize(2);
    plan.bytes = plan.missing = 100;
    hooks.planned(plan);
    hub::Progress progress{.bytes = 100, .files = 2};
    while (hooks.progress(progress) && hooks.go_on()) {
      std::unique_lock lock(mutex_);
      if (const auto end = ended_.find(request.repository); end != ended_.end()) {
        auto how = std::move(end->second);
        ended_.erase(end);
        return how;
      }
      news_.wait_for(lock, std::chrono::milliseconds(1));
      progress.done = brought_[request.repository];
    }
    return fail(ErrorCode::Cancelled, "stopped");
  }

  std::mutex mutex_;
  std::condition_variable news_;
  std::map<std::string, std::uint64_t> brought_;
  std::map<std::string, Result<hub::Snapshot>> ended_;
};

}  // namespace hearth::services::testing
