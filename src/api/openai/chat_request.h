// The body of POST /v1/chat/completions.
#pragma once

#include "api/openai/fields.h"
#include "base/json.h"

namespace hearth::api::openai {

/// Reads and checks a body: one input, a conversation. The error lists every wrong field.
Result<Asked> read_chat_request(std::string_view body);

}  // namespace hearth::api::openai
