// POST /v1/chat/completions.
#pragma once

#include "api/routes.h"

namespace hearth::api::openai {

http::Route chat_completions(const Services& services);

}  // namespace hearth::api::openai
