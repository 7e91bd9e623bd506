// The Hub for the command line, with the token that is kept in the database.
#pragma once

#include <memory>

#include "base/result.h"
#include "services/hub_access/hub_access.h"
#include "store/database.h"

namespace hearth::app {

/// The file of the key that seals what is kept: in Hearth's home.
std::filesystem::path secret_key_file();

/// Works without the database where that cannot be opened, and says so on standard error.
class OpenHub {
 public:
  OpenHub();

  const services::HubAccess& access() const { return access_; }
  /// The same, for who wants to keep something. @returns why nothing can be kept
  Result<const services::HubAccess*> keeper() const;

 private:
  Result<std::unique_ptr<store::Database>> database_;
  services::HubAccess access_;
};

}  // namespace hearth::app
