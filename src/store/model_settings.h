// The table of what people said of models: favourites, notes, presets.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "base/result.h"
#include "store/database.h"

namespace hearth::store {

struct ModelSettingsRow {
  bool favourite = false;
  std::string note;
  std::string preset = "{}";  ///< JSON; what it means is others' business

  bool operator==(const ModelSettingsRow&) const = default;
};

class ModelSettings {
 public:
  explicit ModelSettings(Database& database) : database_(database) {}

  /// All of them, by the model's id.
  Result<std::map<std::string, ModelSettingsRow>> all();
  /// Adds or replaces those of a model; a row that says nothing goes.
  Result<void> put(const std::string& model, const ModelSettingsRow& row);
  /// The same from what is there; nobody's change comes between. `edit` runs on the writing thread;
  /// its error leaves all as it is.
  Result<void> change(const std::string& model,
                      const std::function<Result<void>(ModelSettingsRow&)>& edit);

 private:
  Database& database_;
};

}  // namespace hearth::store
