// The names that clients see.
#include "services/hub_access/account_json.h"

namespace hearth::services {

json::object describe(const hub::Account& account) {
  return {{"name", account.name},
          {"full_name", account.full_name},
          {"organisations", json::value_from(account.organisations)},
          {"token_name", account.token_name},
          {"token_role", account.token_role}};
}

}  // namespace hearth::services
