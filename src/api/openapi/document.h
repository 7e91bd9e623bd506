// The OpenAPI 3.1 document: what the server offers, put together from one part for each area.
#pragma once

#include <span>
#include <string_view>

#include "base/json.h"

namespace hearth::api::openapi {

/// The texts of the files under src/api/openapi/parts, in alphabetical order.
std::span<const std::string_view> parts();

/// All parts as one document. That two of them say the same thing differently is a bug.
/// @param version  of the program
json::object document(std::string_view version);

}  // namespace hearth::api::openapi
