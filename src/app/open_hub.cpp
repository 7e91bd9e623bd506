// Database and Hub, put together.
#include "app/open_hub.h"

#include "base/log.h"
#include "platform/paths.h"

namespace hearth::app {

std::filesystem::path secret_key_file() {
  return platform::hearth_home() / services::kSecretKeyFile;
}

OpenHub::OpenHub()
    : database_(store::Database::open(platform::hearth_home() / store::kDatabaseFile)),
      access_(database_ ? database_->get() : nullptr, secret_key_file()) {
  if (!database_ && database_.error().code != ErrorCode::Io)
    log_warn("app", "{}", database_.error().message);
}

Result<const services::HubAccess*> OpenHub::keeper() const {
  if (!database_) return fail(database_.error());
  return &access_;
}

}  // namespace hearth::app
