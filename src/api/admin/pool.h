// /admin/api/pool: the models in memory, and the limits that they share.
#pragma once

#include "api/routes.h"
#include "base/json.h"

namespace hearth::api::admin {

/// A model in memory. What changes by itself from second to second is left out of `steady` ones.
json::object describe(const services::LoadedModel& model, bool steady = false);

http::Route show_pool(const Services& services);       ///< GET /admin/api/pool
http::Route change_pool(const Services& services);     ///< PUT /admin/api/pool
http::Route manager_status(const Services& services);  ///< GET /v1/manager/status, the same
http::Route evict_models(const Services& services);    ///< POST /admin/api/models/evict

/// GET /admin/api/models/events: the models in memory as difference_events(), with the progress of
/// loads.
http::Route pool_events(const Services& services);

}  // namespace hearth::api::admin
