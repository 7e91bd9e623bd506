// What can be done with one model in memory: load, unload, pin, load at start, how long it stays.
#pragma once

#include <string_view>

#include "api/routes.h"

namespace hearth::api::admin {

/// Below `/admin/api/models` and, for load and unload, below `/v1/models` as well.
inline constexpr std::string_view kModels = "/admin/api/models";
inline constexpr std::string_view kOtherModels = "/v1/models";

/// POST {root}/{id...}/load {wait, keep_alive}: answers when it is loaded; with `wait: false` at
/// once. A client that leaves ends the load, unless somebody else waits for it.
http::Route load_model(const Services& services, std::string_view root = kModels);
/// POST {root}/{id...}/unload: at once, or when nobody uses it; ends a load as well.
http::Route unload_model(const Services& services, std::string_view root = kModels);
http::Route cancel_load(const Services& services);      ///< POST .../{id...}/cancel
http::Route cancel_load_too(const Services& services);  ///< DELETE .../{id...}/load, the same
http::Route pin_model(const Services& services);        ///< POST .../{id...}/pin
http::Route unpin_model(const Services& services);      ///< POST .../{id...}/unpin
http::Route preload_model(const Services& services);    ///< POST .../{id...}/preload {preload}
http::Route keep_model(const Services& services);       ///< PUT .../{id...}/keep_alive {keep_alive}

/// GET /v1/models/{id...}/health: whether it is in memory and how it does.
http::Route model_health(const Services& services);

}  // namespace hearth::api::admin
