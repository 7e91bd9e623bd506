// Reading and writing people's own presets.
#include "store/conversion_presets.h"

#include "base/clock.h"

namespace hearth::store {

Result<std::vector<ConversionPresetRow>> ConversionPresets::list() {
  using Rows = std::vector<ConversionPresetRow>;
  return database_.read([](Connection& connection) -> Result<Rows> {
    auto row = TRY(connection.prepare(
        "SELECT name, description, options FROM conversion_presets ORDER BY name"));
    Rows rows;
    while (TRY(row.step()))
      rows.push_back({.name = row.text(0), .description = row.text(1), .options = row.text(2)});
    return rows;
  });
}

Result<void> ConversionPresets::put(const ConversionPresetRow& row) {
  return database_.write([&](Connection& connection) {
    return connection.run("INSERT OR REPLACE INTO conversion_presets VALUES (?, ?, ?, ?)", row.name,
                          row.description, row.options, base::unix_seconds());
  });
}

Result<bool> ConversionPresets::remove(const std::string& name) {
  return database_.write([&](Connection& connection) -> Result<bool> {
    TRY(connection.run("DELETE FROM conversion_presets WHERE name = ?", name));
    return connection.changes() > 0;
  });
}

}  // namespace hearth::store
