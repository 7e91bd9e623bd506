// The index between folders and database.
#include "services/library/folder_index.h"

#include <system_error>
#include <utility>
#include <vector>

#include "base/log.h"

namespace hearth::services {

namespace fs = std::filesystem;

void FolderIndex::load() {
  if (std::exchange(loaded_, true) || database_ == nullptr) return;
  const auto all = store::ModelIndex(*database_).all();
  if (!all) return log_warn("library", "the index is not used: {}", all.error().message);
  for (const auto& [folder, row] : *all)
    if (auto entry = read_facts(row.facts)) {
      entry->folder = folder;
      known_[folder] = {.stamp = row.stamp, .entry = std::move(*entry)};
    }
}

Result<ModelEntry> FolderIndex::read(const fs::path& folder, const std::string& id) {
  load();
  std::error_code error;
  if (!fs::exists(folder / "config.json", error)) return read_model_folder(folder, id);
  const std::string key = folder.string();
  FolderStamp now = stamp_folder(folder);
  const auto known = known_.find(key);
  if (known != known_.end() && known->second.stamp == now.stamp) {
    ModelEntry entry = known->second.entry;
    entry.id = id;
    return entry;
  }
  ModelEntry entry = TRY(read_model_folder(folder, id, now));
  known_[key] = {.stamp = std::move(now.stamp), .entry = entry};
  changed_.insert(key);
  return entry;
}

void FolderIndex::save() {
  load();
  std::vector<std::string> gone;
  for (const auto& [folder, known] : known_) {
    std::error_code error;
    if (!fs::exists(folder, error)) gone.push_back(folder);
  }
  for (const std::string& folder : gone) known_.erase(folder);
  store::FolderIndex rows;
  for (const std::string& folder : std::exchange(changed_, {}))
    if (const auto known = known_.find(folder); known != known_.end())
      rows[folder] = {.stamp = known->second.stamp, .facts = write_facts(known->second.entry)};
  if (database_ == nullptr || (rows.empty() && gone.empty())) return;
  if (const auto saved = store::ModelIndex(*database_).update(rows, gone); !saved)
    log_warn("library", "the index is not kept: {}", saved.error().message);
}

}  // namespace hearth::services
