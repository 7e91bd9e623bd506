// Sets of options by name: those that come with the program, and people's own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/conversions/conversion_options.h"
#include "store/database.h"

namespace hearth::services {

struct ConversionPreset {
  std::string name;
  std::string description;
  ConversionOptions options;
  bool built_in = false;
};

/// Those that come with the program, the usual one first.
const std::vector<ConversionPreset>& built_in_presets();

/// Reads the database each time: other programs may change it too. Any thread that may wait for a
/// disk.
class ConversionPresets {
 public:
  /// @param database  null: there are none but the built-in ones. Outlives this.
  explicit ConversionPresets(store::Database* database) : database_(database) {}

  /// The built-in ones, then people's own by name.
  Result<std::vector<ConversionPreset>> list() const;
  /// Without regard to case. @returns NotFound with the names that there are
  Result<ConversionPreset> find(std::string_view name) const;
  /// Adds one of people's own, or replaces it.
  /// @returns InvalidArgument for a name that cannot be one or is a built-in preset's, and for
  ///          options that do not go together; Io without a database
  Result<void> put(const ConversionPreset& preset);
  /// @returns NotFound; InvalidArgument for a built-in one
  Result<void> remove(const std::string& name);

 private:
  store::Database* database_;
};

}  // namespace hearth::services
