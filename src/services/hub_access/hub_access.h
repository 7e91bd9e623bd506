// Who asks the Hub: the environment's token, the one that is kept here, or that of the Hub's tools.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"
#include "hub/model_info.h"
#include "hub/places.h"
#include "store/database.h"

namespace hearth::services {

/// The Hub as this program asks it, with a token that is kept encrypted. Any thread; may wait for
/// the disk.
class HubAccess {
 public:
  /// @param database  outlives the object; null: nothing is kept
  /// @param key_file  of the key that seals the token; made when the first one is kept
  HubAccess(store::Database* database, std::filesystem::path key_file)
      : database_(database), key_file_(std::move(key_file)) {}

  /// As hub::places(), the kept token included.
  Result<hub::Places> places() const;

  /// The token that is kept; empty where there is none. @returns what SecretBox says
  Result<std::string> kept() const;
  /// Keeps a token instead of the one before it.
  /// @returns InvalidArgument for what can be no token; Io where nothing can be kept
  Result<void> keep(const std::string& token) const;
  /// False where there was none.
  Result<bool> forget() const;

 private:
  Result<store::Database*> database() const;

  store::Database* database_;
  std::filesystem::path key_file_;
};

/// The key's file by its usual name, in Hearth's home.
inline constexpr const char* kSecretKeyFile = "secret.key";

/// Asks the Hub whose token `token` is; empty: the one that is used anyway.
Result<hub::Account> account_of(const HubAccess& access, const std::string& token,
                                const std::function<bool()>& keep_going);

}  // namespace hearth::services
