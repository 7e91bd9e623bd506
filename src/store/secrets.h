// The table of sealed secrets.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "store/database.h"

namespace hearth::store {

/// Keeps sealed bytes; who seals and opens them is others' business.
class Secrets {
 public:
  explicit Secrets(Database& database) : database_(database) {}

  /// Nothing where there is none of that name.
  Result<std::optional<std::string>> find(const std::string& name);
  /// Adds one, or replaces it.
  Result<void> put(const std::string& name, const std::string& sealed);
  /// False where there was none.
  Result<bool> remove(const std::string& name);

 private:
  Database& database_;
};

}  // namespace hearth::store
