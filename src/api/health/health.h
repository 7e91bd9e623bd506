// Whether the server lives, whether it can answer, and its counters.
#pragma once

#include "api/routes.h"

namespace hearth::api::health {

/// GET /healthz: 200 as long as the process serves.
http::Route alive();
/// GET /readyz: 200 unless a model is still being loaded (503 with how far it is).
http::Route ready(const Services& services);
/// GET /metrics: Prometheus text.
http::Route metrics(const Services& services);

}  // namespace hearth::api::health
