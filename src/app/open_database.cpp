// Opening the database, or doing without.
#include "app/open_database.h"

#include "base/log.h"
#include "platform/paths.h"

namespace hearth::app {

Result<std::unique_ptr<store::Database>> open_database() {
  auto database = store::Database::open(platform::hearth_home() / store::kDatabaseFile);
  if (database || database.error().code != ErrorCode::Io) return database;
  log_warn("app", "{}: the server runs, but forgets its downloads when it ends",
           database.error().message);
  return store::Database::in_memory();
}

}  // namespace hearth::app
