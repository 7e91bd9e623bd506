// Reading and writing what people said of models.
#include "store/model_settings.h"

#include "base/clock.h"

namespace hearth::store {
namespace {

/// Columns from `first` on.
ModelSettingsRow read_settings(const Statement& row, int first) {
  return {.favourite = row.integer(first) != 0,
          .note = row.text(first + 1),
          .preset = row.text(first + 2)};
}

Result<void> write_settings(Connection& connection, const std::string& model,
                            const ModelSettingsRow& row) {
  if (row == ModelSettingsRow())
    return connection.run("DELETE FROM model_settings WHERE model = ?", model);
  return connection.run("INSERT OR REPLACE INTO model_settings VALUES (?, ?, ?, ?, ?)", model,
                        static_cast<int>(row.favourite), row.note, row.preset,
                        base::unix_seconds());
}

}  // namespace

Result<std::map<std::string, ModelSettingsRow>> ModelSettings::all() {
  using Rows = std::map<std::string, ModelSettingsRow>;
  return database_.read([](Connection& connection) -> Result<Rows> {
    auto row = TRY(connection.prepare("SELECT model, favourite, note, preset FROM model_settings"));
    Rows rows;
    while (TRY(row.step())) rows.emplace(row.text(0), read_settings(row, 1));
    return rows;
  });
}

Result<void> ModelSettings::put(const std::string& model, const ModelSettingsRow& row) {
  return database_.write(
      [&](Connection& connection) { return write_settings(connection, model, row); });
}

Result<void> ModelSettings::change(const std::string& model,
                                   const std::function<Result<void>(ModelSettingsRow&)>& edit) {
  return database_.write([&](Connection& connection) -> Result<void> {
    auto found = TRY(
        connection.prepare("SELECT favourite, note, preset FROM model_settings WHERE model = ?"));
    found.with(model);
    ModelSettingsRow row;
    if (TRY(found.step())) row = read_settings(found, 0);
    TRY(edit(row));
    return write_settings(connection, model, row);
  });
}

}  // namespace hearth::store
