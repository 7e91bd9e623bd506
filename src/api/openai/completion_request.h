// The body of POST /v1/completions.
#pragma once

#include <vector>

#include "api/openai/fields.h"

namespace hearth::api::openai {

struct CompletionRequest {
  CommonFields common;
  std::vector<engine::Input> prompts;  ///< at least one
};

/// Reads and checks a body. The error lists every wrong field.
Result<CompletionRequest> read_completion_request(std::string_view body);

}  // namespace hearth::api::openai
