// What the engines of all loaded models do right now.
#pragma once

#include "api/routes.h"

namespace hearth::api::admin {

/// GET /admin/api/engine: for every model in memory its queue, batch, pages, cache and step times.
http::Route engine(const Services& services);

}  // namespace hearth::api::admin
