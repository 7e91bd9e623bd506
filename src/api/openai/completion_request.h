// The body of POST /v1/completions.
#pragma once

#include "api/openai/fields.h"

namespace hearth::api::openai {

/// Reads and checks a body. The error lists every wrong field.
Result<Asked> read_completion_request(std::string_view body);

}  // namespace hearth::api::openai
