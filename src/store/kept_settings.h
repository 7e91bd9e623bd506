// The table of settings that were changed while a server ran.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/database.h"

namespace hearth::store {

class KeptSettings {
 public:
  explicit KeptSettings(Database& database) : database_(database) {}

  /// All of them by key, as text.
  Result<std::map<std::string, std::string>> all();
  /// Keeps those with a text and forgets the others, all or none.
  Result<void> change(const std::map<std::string, std::optional<std::string>>& changes);

 private:
  Database& database_;
};

}  // namespace hearth::store
