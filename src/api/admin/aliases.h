// Other addresses of management endpoints, under /v1, as older clients know them.
#pragma once

#include <vector>

#include "api/routes.h"

namespace hearth::api::admin {

/// Installing and deleting models, /v1/discover, /v1/system/status and /v1/admin/models. They
/// answer as the endpoints they stand for; their errors have the form of the other paths under /v1.
std::vector<http::Route> aliases(const Services& services);

}  // namespace hearth::api::admin
