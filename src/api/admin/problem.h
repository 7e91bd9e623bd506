// Errors of the management API: problem details (RFC 9457).
#pragma once

#include "base/result.h"
#include "http/request.h"
#include "http/response.h"

namespace hearth::api::admin {

/// Whether a path belongs to the management API.
bool is_ours(const http::Request& request);

/// `application/problem+json` with type, title, status, detail, instance, request_id, and errors[]
/// where fields were wrong. For an alias under /v1 OpenAI's envelope.
http::Response problem(const http::Request& request, const Error& error);

}  // namespace hearth::api::admin
