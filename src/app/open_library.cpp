// Library and database, put together.
#include "app/open_library.h"

#include "app/server.h"
#include "base/log.h"
#include "engine/supported.h"
#include "platform/paths.h"

namespace hearth::app {

services::LibraryKnowledge library_knowledge(store::Database* database) {
  const auto names = engine::supported_architectures();
  return {.database = database, .architectures = {names.begin(), names.end()}};
}

OpenLibrary::OpenLibrary(const services::Settings& settings)
    : database_(store::Database::open(platform::hearth_home() / store::kDatabaseFile)) {
  if (!database_ && database_.error().code != ErrorCode::Io)
    log_warn("app", "{}", database_.error().message);
  library_ = std::make_unique<services::Library>(
      library_folders(settings), library_knowledge(database_ ? database_->get() : nullptr));
}

Result<store::Database*> OpenLibrary::database() {
  if (!database_) return fail(database_.error());
  return database_->get();
}

}  // namespace hearth::app
