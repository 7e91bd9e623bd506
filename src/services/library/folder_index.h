// What was read of model folders, kept for as long as their files stay the same.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "base/result.h"
#include "services/library/model_entry.h"
#include "store/model_index.h"

namespace hearth::services {

/// In memory, and in a database where there is one. One thread at a time.
class FolderIndex {
 public:
  /// @param database  outlives the index; null: what is read is forgotten with the process
  explicit FolderIndex(store::Database* database) : database_(database) {}

  /// As read_model_folder(), but opens no file of a folder that has not changed.
  Result<ModelEntry> read(const std::filesystem::path& folder, const std::string& id);

  /// Ends a look at all folders: saves what is new. Folders that do not exist any more are
  /// forgotten; those that only were not looked at this time are kept.
  void save();

 private:
  struct Known {
    std::string stamp;
    ModelEntry entry;
  };
  void load();

  store::Database* database_;
  bool loaded_ = false;
  std::map<std::string, Known> known_;  // by folder
  std::set<std::string> changed_;
};

}  // namespace hearth::services
