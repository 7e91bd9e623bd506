// Reading and writing the index of models.
#include "store/model_index.h"

namespace hearth::store {

Result<FolderIndex> ModelIndex::all() {
  return database_.read([](Connection& connection) -> Result<FolderIndex> {
    auto row = TRY(connection.prepare("SELECT folder, stamp, facts FROM model_index"));
    FolderIndex index;
    while (TRY(row.step()))
      index.emplace(row.text(0), IndexedFolder{.stamp = row.text(1), .facts = row.text(2)});
    return index;
  });
}

Result<void> ModelIndex::update(const FolderIndex& changed, const std::vector<std::string>& gone) {
  return database_.write([&](Connection& connection) -> Result<void> {
    for (const auto& [folder, entry] : changed)
      TRY(connection.run("INSERT OR REPLACE INTO model_index VALUES (?, ?, ?)", folder, entry.stamp,
                         entry.facts));
    for (const std::string& folder : gone)
      TRY(connection.run("DELETE FROM model_index WHERE folder = ?", folder));
    return {};
  });
}

}  // namespace hearth::store
