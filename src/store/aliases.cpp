// Reading and writing aliases.
#include "store/aliases.h"

namespace hearth::store {

Result<std::vector<Alias>> Aliases::list() {
  return database_.read([](Connection& connection) -> Result<std::vector<Alias>> {
    auto row = TRY(connection.prepare("SELECT alias, model FROM aliases ORDER BY alias"));
    std::vector<Alias> list;
    while (TRY(row.step())) list.push_back({.alias = row.text(0), .model = row.text(1)});
    return list;
  });
}

Result<void> Aliases::put(const Alias& alias) {
  return database_.write([&](Connection& connection) {
    return connection.run("INSERT OR REPLACE INTO aliases VALUES (?, ?)", alias.alias, alias.model);
  });
}

Result<bool> Aliases::remove(const std::string& alias) {
  return database_.write([&](Connection& connection) -> Result<bool> {
    TRY(connection.run("DELETE FROM aliases WHERE alias = ?", alias));
    return connection.changes() > 0;
  });
}

}  // namespace hearth::store
