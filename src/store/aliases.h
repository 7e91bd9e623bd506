// The table of further names for models.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace hearth::store {

struct Alias {
  std::string alias;  ///< unique without regard to case
  std::string model;  ///< id
};

class Aliases {
 public:
  explicit Aliases(Database& database) : database_(database) {}

  /// In alphabetical order.
  Result<std::vector<Alias>> list();
  /// Adds one, or gives it to another model.
  Result<void> put(const Alias& alias);
  /// False where there was none.
  Result<bool> remove(const std::string& alias);

 private:
  Database& database_;
};

}  // namespace hearth::store
