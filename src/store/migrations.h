// From the database as it lies on disk to the one this program knows.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"
#include "store/connection.h"

namespace hearth::store {

/// One step. The n-th takes a database of schema n - 1 to n; what was released never changes.
struct Migration {
  std::string_view name;  ///< 0001_downloads
  std::string_view sql;
};

/// All of them, in order.
std::span<const Migration> migrations();

/// The schema of a database, 0 for an empty one.
Result<std::size_t> schema_of(Connection& connection);

/// Applies those of `steps` that the database lacks, each in a transaction of its own: a program
/// that is killed in between goes on next time.
Result<void> migrate(Connection& connection, std::span<const Migration> steps);

}  // namespace hearth::store
