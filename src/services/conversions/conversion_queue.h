// Which conversions there are, in which state and order, and which comes next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "services/queue/queue_rows.h"
#include "store/conversions.h"

namespace hearth::services {

/// Whether nothing will happen to it but by a retry: completed, failed or cancelled.
bool has_ended(store::ConversionState state);

/// Pure bookkeeping: no clock, no threads, no disk. A conversion is *run* by somebody from claim()
/// to ended() or put_off(), however its state changes meanwhile; nobody else claims it before that.
/// A copy is a queue of its own.
class ConversionQueue {
 public:
  using Row = store::ConversionRow;

  /// As it was when the last process ended: interrupted ones wait again.
  explicit ConversionQueue(std::vector<Row> rows = {});

  struct Added {
    std::string id;
    bool joined = false;  ///< there was one already, which has not ended
  };
  /// Puts it at the end. One that has ended gives way to a new one with the same target.
  /// @returns InvalidArgument where another conversion that has not ended makes the target
  Result<Added> add(Row wanted, std::int64_t now);

  /// Each is NotFound for an unknown id and InvalidArgument where the state does not allow it;
  /// what is so already is no error.
  Result<void> cancel(const std::string& id, std::int64_t now);
  /// Tries a failed or cancelled one again, in its old place.
  Result<void> retry(const std::string& id, std::int64_t now);
  /// Puts it before all but `place` of those that wait.
  Result<void> move(const std::string& id, std::size_t place);
  /// Removes one that has ended and is not run any more.
  Result<void> forget(const std::string& id);

  /// The next one to run.
  std::optional<Row> next() const;
  /// It is somebody's, who looks for room.
  void claim(const std::string& id) { rows_.begin(id); }
  /// There is none yet: it waits on, and says why. Only where it was not cancelled meanwhile.
  void put_off(const Row& claimed, const Error& why, std::int64_t now);
  /// It really runs from now on, unless it was cancelled meanwhile.
  void begin(const std::string& id, std::int64_t now);
  /// Whether who runs it shall go on.
  bool goes_on(const std::string& id) const { return rows_.goes_on(id); }
  /// It is run no longer. Where it was to go on, the result (JSON) says how it ended; Cancelled
  /// then means that the program ends: it waits again.
  void ended(const std::string& id, const Result<std::string>& how, std::int64_t now);

  const std::vector<Row>& rows() const { return rows_.all(); }
  const Row* find(const std::string& id) const { return rows_.find(id); }

  /// Rows that are not as they were at the last call, and ids that are gone: for the database.
  std::vector<Row> take_changed() { return rows_.take_changed(); }
  std::vector<std::string> take_removed() { return rows_.take_removed(); }

 private:
  Result<Row*> known(const std::string& id);
  void set_state(Row& row, store::ConversionState state, std::int64_t now);

  QueueRows<Row> rows_;
};

}  // namespace hearth::services
