// Asking a running server to do something.
#pragma once

#include <string>
#include <string_view>

#include "base/json.h"
#include "services/settings/settings.h"

namespace hearth::cli {

/// GET at the settings' address. @returns the answer; Io where no server answers, Upstream where
/// something else does, and the server's own reason where it refuses.
Result<json::value> get_from_server(const services::Settings& settings, std::string_view path);

/// The same with POST; waits for as long as the server needs.
Result<json::value> post_to_server(const services::Settings& settings, std::string_view path,
                                   const json::object& body);

/// The same with DELETE.
Result<json::value> delete_on_server(const services::Settings& settings, std::string_view path);

/// The path of an order for a model: `/admin/api/models/org/name/load`.
std::string model_path(std::string_view id, std::string_view order);

}  // namespace hearth::cli
