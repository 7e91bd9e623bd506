// GET /admin/api/models/events: what happens to models in memory, as it happens.
#pragma once

#include "api/routes.h"

namespace hearth::api::admin {

/// Server-sent events. The first holds all models in memory; later ones those that have changed,
/// with the progress of loads, and the ids of those that are gone. Who reads slowly misses steps
/// between, never the latest state.
http::Route pool_events(const Services& services);

}  // namespace hearth::api::admin
