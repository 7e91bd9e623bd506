// The id every request has, in logs and answers.
#pragma once

#include <string>

#include "http/request.h"

namespace hearth::http {

/// The client's X-Request-ID where it is 1 to 128 of `[A-Za-z0-9._-]`, else `req_` + 12 hexadecimal
/// digits.
std::string request_id(const Headers& headers);

}  // namespace hearth::http
