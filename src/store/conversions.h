// The table of conversions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace hearth::store {

enum class ConversionState { Pending, Running, Completed, Failed, Cancelled };

/// "pending", "running" ...
std::string_view name(ConversionState state);

struct ConversionRow {
  std::string id;
  std::string model;           ///< id of the source in the library
  std::string source;          ///< its folder
  std::string target;          ///< the folder to make
  std::string preset;          ///< that was named; empty: none
  std::string options = "{}";  ///< JSON; what it means is others' business
  bool replaces = false;       ///< what stands at the target goes
  std::uint64_t memory_bytes = 0;
  ConversionState state = ConversionState::Pending;
  bool begun = false;      ///< a process was at it when it was interrupted
  std::int64_t place = 0;  ///< in the queue: smaller ones go first
  std::string error_code;  ///< of a failed one, or of one that has to wait
  std::string error;
  std::string result;        ///< JSON; empty unless completed
  std::int64_t created = 0;  ///< seconds since 1970
  std::int64_t changed = 0;
};

/// Rows in, rows out; what the states mean is others' business.
class Conversions {
 public:
  explicit Conversions(Database& database) : database_(database) {}

  /// All, in the order of the queue.
  Result<std::vector<ConversionRow>> list();
  /// Adds the rows, or replaces those of the same ids: all or none.
  Result<void> put(const std::vector<ConversionRow>& rows);
  Result<void> remove(const std::string& id);

 private:
  Database& database_;
};

}  // namespace hearth::store
