// The table of downloads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace hearth::store {

enum class DownloadState { Pending, Starting, Downloading, Paused, Completed, Failed, Cancelled };

/// "pending", "starting" ...
std::string_view name(DownloadState state);

struct DownloadRow {
  std::string id;
  std::string repository;
  std::string revision;
  std::vector<std::string> include;
  std::vector<std::string> exclude;
  DownloadState state = DownloadState::Pending;
  std::int64_t place = 0;  ///< in the queue: smaller ones go first
  std::string commit;      ///< empty until the Hub was asked
  std::string folder;      ///< of the snapshot; empty until the Hub was asked
  std::uint64_t bytes = 0;
  std::uint64_t done = 0;
  std::uint64_t files = 0;
  std::string error_code;  ///< of a failed one
  std::string error;
  std::int64_t created = 0;  ///< seconds since 1970
  std::int64_t changed = 0;
};

/// Rows in, rows out; what the states mean is others' business.
class Downloads {
 public:
  explicit Downloads(Database& database) : database_(database) {}

  /// All, in the order of the queue.
  Result<std::vector<DownloadRow>> list();
  /// Adds the rows, or replaces those of the same ids: all or none.
  Result<void> put(const std::vector<DownloadRow>& rows);
  Result<void> remove(const std::string& id);

 private:
  Database& database_;
};

}  // namespace hearth::store
