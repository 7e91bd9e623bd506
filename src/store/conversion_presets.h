// The table of people's own presets for conversions.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace hearth::store {

struct ConversionPresetRow {
  std::string name;
  std::string description;
  std::string options = "{}";  ///< JSON; what it means is others' business
};

class ConversionPresets {
 public:
  explicit ConversionPresets(Database& database) : database_(database) {}

  /// All, by name.
  Result<std::vector<ConversionPresetRow>> list();
  /// Adds one, or replaces the one of that name; upper and lower case are one.
  Result<void> put(const ConversionPresetRow& row);
  /// Whether there was one.
  Result<bool> remove(const std::string& name);

 private:
  Database& database_;
};

}  // namespace hearth::store
