// GET /v1/models and GET /v1/models/{id}.
#pragma once

#include "api/routes.h"

namespace hearth::api::openai {

http::Route list_models(const Services& services);
http::Route retrieve_model(const Services& services);

}  // namespace hearth::api::openai
