// The table of what was read of model folders.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace hearth::store {

struct IndexedFolder {
  std::string stamp;  ///< changes with the folder's files
  std::string facts;  ///< JSON
};

using FolderIndex = std::map<std::string, IndexedFolder>;  ///< by folder

class ModelIndex {
 public:
  explicit ModelIndex(Database& database) : database_(database) {}

  Result<FolderIndex> all();
  /// Adds or replaces some rows, and drops others: all or none.
  Result<void> update(const FolderIndex& changed, const std::vector<std::string>& gone);

 private:
  Database& database_;
};

}  // namespace hearth::store
