// Errors in the OpenAI envelope.
#pragma once

#include <string>

#include "base/result.h"
#include "http/response.h"

namespace hearth::api::openai {

/// `{"error":{"message","type","param","code"}}`, all four always there.
std::string error_json(const Error& error);

/// The envelope with its status, `Retry-After` where waiting helps and `x-should-retry: false`
/// where it does not.
http::Response error_response(const Error& error);

}  // namespace hearth::api::openai
