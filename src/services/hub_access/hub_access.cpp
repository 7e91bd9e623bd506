// Keeping the Hub's token.
#include "services/hub_access/hub_access.h"

#include "hub/hub_client.h"
#include "platform/secret_box.h"
#include "store/secrets.h"

namespace hearth::services {
namespace {

constexpr const char* kSecretName = "hub";
constexpr std::string_view kSecretPlace = "secrets/hub/sealed";

}  // namespace

Result<store::Database*> HubAccess::database() const {
  if (database_ != nullptr) return database_;
  return fail(ErrorCode::Io,
              "there is no database here, so no token can be kept: set HEARTH_HOME to a folder "
              "that can be written, or HF_TOKEN to the token");
}

Result<hub::Places> HubAccess::places() const {
  return hub::places([this] { return kept(); });
}

Result<std::string> HubAccess::kept() const {
  if (database_ == nullptr) return std::string();
  const auto sealed = TRY(store::Secrets(*database_).find(kSecretName));
  if (!sealed) return std::string();
  const auto box = TRY_IN("the kept token of the Hub", platform::SecretBox::open(key_file_));
  return TRY_IN("the kept token of the Hub", box.unseal(*sealed, kSecretPlace));
}

Result<void> HubAccess::keep(const std::string& token) const {
  const std::string whole = TRY(hub::check_token(token, "what was entered"));
  if (whole.empty())
    return fail(ErrorCode::InvalidArgument, "no token was entered; a token reads hf_...");
  store::Secrets secrets(*TRY(database()));
  const auto box = TRY(platform::SecretBox::open(key_file_));
  return secrets.put(kSecretName, box.seal(whole, kSecretPlace));
}

Result<bool> HubAccess::forget() const {
  if (database_ == nullptr) return false;
  return store::Secrets(*database_).remove(kSecretName);
}

Result<hub::Account> account_of(const HubAccess& access, const std::string& token,
                                const std::function<bool()>& keep_going) {
  hub::Places places;
  if (token.empty()) {
    places = TRY(access.places());
  } else {
    // The kept token may be one that no longer opens: it is about to be replaced.
    places = TRY(hub::places([] { return Result<std::string>(std::string()); }));
    places.token = TRY(hub::check_token(token, "what was entered"));
  }
  hub::HubClient hub(places, keep_going);
  return hub.account();
}

}  // namespace hearth::services
