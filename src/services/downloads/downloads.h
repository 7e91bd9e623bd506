// The queue of downloads: who runs them, who is told, and what is kept over a restart.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread.h"
#include "hub/snapshot.h"
#include "services/downloads/download_queue.h"
#include "services/queue/published_list.h"
#include "store/downloads.h"

namespace hearth::services {

/// One download as it is now.
struct Download {
  store::DownloadRow row;
  hub::Progress progress;  ///< of one that is run; else empty
};

/// All of them, in the order of the queue. Entries that are the same object have not changed.
using DownloadList = PublishedList<Download>::List;

/// What a running download is told and tells.
struct FetchHooks {
  std::function<bool()> go_on;
  std::function<void(const hub::SnapshotPlan&)> planned;
  hub::ProgressListener progress;
};

/// Where downloads come from, and what follows from them. Called on threads of the queue.
struct DownloadSource {
  std::function<Result<hub::Snapshot>(const hub::SnapshotRequest&, const FetchHooks&)> fetch;
  /// Removes the partial files of a repository.
  std::function<void(const std::string& repository)> remove_partial;
  /// A model is whole.
  std::function<void(const store::DownloadRow&)> completed;
};

/// The real one. Where the Hub is, and who asks, is asked anew for each download.
DownloadSource hub_source(const hub::DownloadOptions& options,
                          std::function<Result<hub::Places>()> places);

/// Runs several downloads at once. Every change is in the database before its caller goes on. What
/// changes something waits for the disk; list() and subscribe() never wait. Any thread.
class Downloads {
 public:
  /// Reads the queue and goes on with what was interrupted.
  static Result<std::unique_ptr<Downloads>> open(store::Database& database, int at_once,
                                                 DownloadSource source);
  /// Stops what runs, so that the next process goes on with it.
  ~Downloads();

  /// A download of the same request that has not ended is joined.
  Result<DownloadQueue::Added> add(const hub::SnapshotRequest& request);
  Result<void> pause(const std::string& id);
  Result<void> resume(const std::string& id);
  /// @param keep_partial  false: what is not whole is removed, at once or when it has stopped
  Result<void> cancel(const std::string& id, bool keep_partial);
  Result<void> move(const std::string& id, std::size_t place);
  /// Takes one that has ended from the list.
  Result<void> forget(const std::string& id);

  std::shared_ptr<const DownloadList> list() const { return published_.list(); }
  /// Null for an unknown id.
  std::shared_ptr<const Download> find(const std::string& id) const { return published_.find(id); }
  /// Calls `wake` after each change of list().
  [[nodiscard]] Subscription subscribe(Subscribers::Wake wake) {
    return published_.subscribe(std::move(wake));
  }

 private:
  Downloads(store::Database& database, DownloadSource source, DownloadQueue queue);
  Result<void> change(const std::function<Result<void>()>& edit);
  Result<void> save();
  void publish();
  void work();
  void run(const store::DownloadRow& row);
  Result<hub::Snapshot> fetch(const store::DownloadRow& row);
  void end(const std::string& id, const Result<hub::Snapshot>& how);

  store::Downloads table_;
  DownloadSource source_;

  std::mutex mutex_;
  std::condition_variable news_;
  DownloadQueue queue_;                            // guarded by mutex_, as all up to the next line
  std::map<std::string, hub::Progress> progress_;  // of those that are run
  std::set<std::string> remove_partial_;           // when they have stopped
  bool closing_ = false;

  PublishedList<Download> published_;

  std::vector<base::Thread> threads_;
};

}  // namespace hearth::services
