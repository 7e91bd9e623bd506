// POST /v1/completions.
#pragma once

#include "api/routes.h"

namespace hearth::api::openai {

http::Route completions(const Services& services);

}  // namespace hearth::api::openai
