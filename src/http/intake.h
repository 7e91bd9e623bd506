// What is decided once a request's head is there: id, path, host, route. Pure.
#pragma once

#include <optional>

#include "http/exchange.h"
#include "http/request_parser.h"

namespace hearth::http {

/// Moves the request out of the parser (its body, if any, is still to come) and gives it its id.
void complete_head(Exchange& exchange, RequestParser& parser);

/// Checks the host before anything else, then finds the route.
/// @returns why the request goes no further, if so; `exchange.route` null without a fault: an
/// OPTIONS to answer with
///          `exchange.allow`.
std::optional<Fault> judge(const Shared& shared, Exchange& exchange);

}  // namespace hearth::http
