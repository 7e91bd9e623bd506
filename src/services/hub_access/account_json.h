// An account of the Hub as JSON.
#pragma once

#include "base/json.h"
#include "hub/model_info.h"

namespace hearth::services {

json::object describe(const hub::Account& account);

}  // namespace hearth::services
