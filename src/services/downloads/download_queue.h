// Which downloads there are, in which state and order, and which comes next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "hub/snapshot.h"
#include "services/queue/queue_rows.h"
#include "store/downloads.h"

namespace hearth::services {

/// Whether nothing will happen to it by itself or by resuming: completed, failed or cancelled.
bool has_ended(store::DownloadState state);

/// Pure bookkeeping: no clock, no threads, no disk. A download is *run* by somebody from begin()
/// to ended(), however its state changes meanwhile; nobody else begins it before that.
class DownloadQueue {
 public:
  using Row = store::DownloadRow;

  /// As it was when the last process ended: paused ones stay so, interrupted ones wait again.
  explicit DownloadQueue(std::vector<Row> rows = {});

  struct Added {
    std::string id;
    bool joined = false;  ///< there was one already, which has not ended
  };
  /// Puts it at the end. One that has ended gives way to a new one of the same request.
  Added add(const hub::SnapshotRequest& request, std::string id, std::int64_t now);

  /// Each is NotFound for an unknown id and InvalidArgument where the state does not allow it;
  /// what is so already is no error.
  Result<void> pause(const std::string& id, std::int64_t now);
  /// Also tries a failed or cancelled one again.
  Result<void> resume(const std::string& id, std::int64_t now);
  Result<void> cancel(const std::string& id, std::int64_t now);
  /// Puts it before all but `place` of those that wait or are paused.
  Result<void> move(const std::string& id, std::size_t place);
  /// Removes one that has ended and is not run any more.
  Result<void> forget(const std::string& id);

  /// The next one to run.
  std::optional<Row> next() const;
  void begin(const std::string& id, std::int64_t now);
  /// What the Hub said it is made of.
  void planned(const std::string& id, const hub::SnapshotPlan& plan, std::int64_t now);
  void progressed(const std::string& id, std::uint64_t done);
  /// Whether who runs it shall go on.
  bool goes_on(const std::string& id) const;
  /// It is run no longer. Where it was to go on, the result says how it ended; Cancelled then means
  /// that the program ends: it waits again.
  void ended(const std::string& id, const Result<hub::Snapshot>& how, std::int64_t now);

  const std::vector<Row>& rows() const { return rows_.all(); }
  const Row* find(const std::string& id) const { return rows_.find(id); }

  /// Rows that are not as they were at the last call, and ids that are gone: for the database.
  std::vector<Row> take_changed() { return rows_.take_changed(); }
  std::vector<std::string> take_removed() { return rows_.take_removed(); }

 private:
  Result<Row*> known(const std::string& id);
  void set_state(Row& row, store::DownloadState state, std::int64_t now);

  QueueRows<Row> rows_;
};

}  // namespace hearth::services
