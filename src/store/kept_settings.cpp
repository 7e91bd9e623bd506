// Reading and writing kept settings.
#include "store/kept_settings.h"

namespace hearth::store {

Result<std::map<std::string, std::string>> KeptSettings::all() {
  using Rows = std::map<std::string, std::string>;
  return database_.read([](Connection& connection) -> Result<Rows> {
    auto row = TRY(connection.prepare("SELECT key, value FROM settings"));
    Rows rows;
    while (TRY(row.step())) rows.emplace(row.text(0), row.text(1));
    return rows;
  });
}

Result<void> KeptSettings::change(
    const std::map<std::string, std::optional<std::string>>& changes) {
  return database_.write([&](Connection& connection) -> Result<void> {
    for (const auto& [key, value] : changes)
      if (value)
        TRY(connection.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", key, *value));
      else
        TRY(connection.run("DELETE FROM settings WHERE key = ?", key));
    return {};
  });
}

}  // namespace hearth::store
