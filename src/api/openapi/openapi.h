// GET /openapi.json: the description of the API.
#pragma once

#include "api/routes.h"

namespace hearth::api::openapi {

http::Route describe(const Services& services);

}  // namespace hearth::api::openapi
