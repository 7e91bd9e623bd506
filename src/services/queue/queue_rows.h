// The rows of a queue: their order, who is run, and what of it the database does not know yet.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace hearth::services {

/// Ended ones that a queue remembers.
inline constexpr std::size_t kMostEndedRows = 100;

/// What all queues have in common; their states are their own. `Row` has `id` and `place`. A row is
/// *run* by somebody from begin() to end(), whatever its state becomes meanwhile. Pure bookkeeping;
/// a copy is a queue of its own.
template <class Row>
class QueueRows {
 public:
  explicit QueueRows(std::vector<Row> rows = {}) : rows_(std::move(rows)) {}

  const std::vector<Row>& all() const { return rows_; }
  std::vector<Row>& all() { return rows_; }

  /// Null for an unknown id.
  const Row* find(const std::string& id) const {
    const auto at = std::ranges::find(rows_, id, &Row::id);
    return at == rows_.end() ? nullptr : &*at;
  }
  Row* find(const std::string& id) {
    const auto at = std::ranges::find(rows_, id, &Row::id);
    return at == rows_.end() ? nullptr : &*at;
  }

  /// Behind all others.
  Row& append(Row row) {
    row.place = rows_.empty() ? 0 : rows_.back().place + 1;
    changed_.insert(row.id);
    rows_.push_back(std::move(row));
    return rows_.back();
  }
  /// Puts a row before all but `place` of those that wait.
  template <class Waits>
  void move(const std::string& id, std::size_t place, Waits waits) {
    const Row moved = *find(id);
    std::erase_if(rows_, [&](const Row& row) { return row.id == moved.id; });
    auto at = rows_.begin();
    for (std::size_t before = 0; at != rows_.end(); ++at)
      if (waits(*at) && before++ == place) break;
    rows_.insert(at, moved);
    number();
  }
  /// @param id  a copy: it may be the row's own
  void remove(std::string id) {
    std::erase_if(rows_, [&](const Row& row) { return row.id == id; });
    removed_.push_back(std::move(id));
  }
  /// Removes the oldest of those that `goes` names, but for the newest `most`.
  template <class Goes>
  void keep_newest(std::size_t most, Goes goes) {
    while (static_cast<std::size_t>(std::ranges::count_if(rows_, goes)) > most)
      remove(std::ranges::find_if(rows_, goes)->id);
  }

  void begin(const std::string& id) { run_.insert(id); }
  bool runs(const std::string& id) const { return run_.contains(id); }
  /// Who runs it, if anybody does, shall stop.
  void stop(const std::string& id) {
    if (runs(id)) stopped_.insert(id);
  }
  bool goes_on(const std::string& id) const { return !stopped_.contains(id); }
  /// @returns whether it was to go on
  bool end(const std::string& id) {
    run_.erase(id);
    return stopped_.erase(id) == 0;
  }

  /// The row is no longer as the database has it.
  void touch(const std::string& id) { changed_.insert(id); }
  /// Rows that are not as they were at the last call, and ids that are gone.
  std::vector<Row> take_changed() {
    std::vector<Row> rows;
    for (const std::string& id : std::exchange(changed_, {}))
      if (const Row* changed = find(id)) rows.push_back(*changed);
    return rows;
  }
  std::vector<std::string> take_removed() { return std::exchange(removed_, {}); }

 private:
  void number() {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const auto place = static_cast<std::int64_t>(i);
      if (rows_[i].place == place) continue;
      rows_[i].place = place;
      changed_.insert(rows_[i].id);
    }
  }

  std::vector<Row> rows_;  // in the order of the queue
  std::set<std::string> run_;
  std::set<std::string> stopped_;  // of those that are run
  std::set<std::string> changed_;
  std::vector<std::string> removed_;
};

}  // namespace hearth::services
