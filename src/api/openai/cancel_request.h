// POST /v1/requests/{id}/cancel.
#pragma once

#include "api/routes.h"

namespace hearth::api::openai {

http::Route cancel_request(const Services& services);

}  // namespace hearth::api::openai
