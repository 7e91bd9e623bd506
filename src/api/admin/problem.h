// Errors of the management API: problem details (RFC 9457).
#pragma once

#include <string>

#include "base/result.h"
#include "http/request.h"
#include "http/response.h"

namespace hearth::api::admin {

/// Whether a path belongs to the management API.
bool is_ours(const http::Request& request);

/// An error of one field of a request.
std::unexpected<Error> wrong_field(std::string path, std::string message);

/// `application/problem+json` with type, title, status, detail, instance, request_id, and errors[]
/// where fields were wrong. For an alias under /v1 OpenAI's envelope.
http::Response problem(const http::Request& request, const Error& error);

/// `error` as one of the field at `path`, unless it names fields itself.
Error at_field(const std::string& path, Error error);

}  // namespace hearth::api::admin
