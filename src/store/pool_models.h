// The table of what is kept of models in memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace hearth::store {

struct PoolModel {
  std::string model;             ///< id
  bool pinned = false;           ///< never evicted, never unloaded for being idle
  bool preload = false;          ///< loaded at start, and then treated like a pinned one
  std::string stamp;             ///< of the files that were measured
  std::uint64_t base_bytes = 0;  ///< measured, without keys and values; 0: never
  std::uint64_t peak_bytes = 0;  ///< the most it ever took

  bool operator==(const PoolModel&) const = default;
};

class PoolModels {
 public:
  explicit PoolModels(Database& database) : database_(database) {}

  /// By id.
  Result<std::vector<PoolModel>> list();
  /// Adds one, or replaces it.
  Result<void> put(const PoolModel& row);

 private:
  Database& database_;
};

}  // namespace hearth::store
