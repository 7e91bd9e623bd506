// Applying migrations; PRAGMA user_version counts them.
#include "store/migrations.h"

namespace hearth::store {

Result<std::size_t> schema_of(Connection& connection) {
  auto row = TRY(connection.prepare("PRAGMA user_version"));
  TRY(row.step());
  return static_cast<std::size_t>(row.integer(0));
}

Result<void> migrate(Connection& connection, std::span<const Migration> steps) {
  for (std::size_t schema = TRY(schema_of(connection)); schema < steps.size(); ++schema) {
    const Migration& step = steps[schema];
    auto transaction = TRY(Transaction::begin(connection));
    // Another program may have been here first.
    if (TRY(schema_of(connection)) != schema) continue;
    TRY_IN(step.name, connection.script(std::string(step.sql)));
    TRY(connection.script(fmt::format("PRAGMA user_version = {}", schema + 1)));
    TRY(transaction.commit());
  }
  return {};
}

}  // namespace hearth::store
