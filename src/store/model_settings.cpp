// Reading and writing what people said of models.
#include "store/model_settings.h"

#include "base/clock.h"

namespace hearth::store {

Result<std::map<std::string, ModelSettingsRow>> ModelSettings::all() {
  using Rows = std::map<std::string, ModelSettingsRow>;
  return database_.read([](Connection& connection) -> Result<Rows> {
    auto row = TRY(connection.prepare("SELECT model, favourite, note, preset FROM model_settings"));
    Rows rows;
    while (TRY(row.step()))
      rows.emplace(row.text(0), ModelSettingsRow{.favourite = row.integer(1) != 0,
                                                 .note = row.text(2),
                                                 .preset = row.text(3)});
    return rows;
  });
}

Result<void> ModelSettings::put(const std::string& model, const ModelSettingsRow& row) {
  return database_.write([&](Connection& connection) -> Result<void> {
    if (row == ModelSettingsRow())
      return connection.run("DELETE FROM model_settings WHERE model = ?", model);
    return connection.run("INSERT OR REPLACE INTO model_settings VALUES (?, ?, ?, ?, ?)", model,
                          static_cast<int>(row.favourite), row.note, row.preset,
                          base::unix_seconds());
  });
}

}  // namespace hearth::store
