// GET /admin/api/downloads/events: what happens to downloads, as it happens.
#pragma once

#include "api/routes.h"

namespace hearth::api::admin {

/// Server-sent events. The first holds all downloads; later ones those that have changed and the
/// ids that are gone. Who reads slowly misses steps between, never the latest state.
http::Route download_events(const Services& services);

}  // namespace hearth::api::admin
