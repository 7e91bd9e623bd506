// /admin/api/discover: what the Hub has.
#pragma once

#include "api/routes.h"

namespace hearth::api::admin {

http::Route discover(const Services& services);            ///< GET /admin/api/discover
http::Route recommended_models(const Services& services);  ///< GET /admin/api/discover/recommended
http::Route discover_model(const Services& services);  ///< GET /admin/api/discover/{owner}/{name}

}  // namespace hearth::api::admin
