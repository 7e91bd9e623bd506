// The body of POST /v1/chat/completions.
#pragma once

#include "api/openai/fields.h"
#include "base/json.h"

namespace hearth::api::openai {

struct ChatRequest {
  CommonFields common;
  engine::ChatInput input;
};

/// Reads and checks a body. The error lists every wrong field.
Result<ChatRequest> read_chat_request(std::string_view body);

}  // namespace hearth::api::openai
