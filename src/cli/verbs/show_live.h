// The live part of `hearth show`: what a running server says of a model.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "services/settings/settings.h"

namespace hearth::cli {

/// What the server at the settings' address reports of the model; nothing where no server answers,
/// or the model is not in its memory.
std::optional<json::object> live_state(const services::Settings& settings, const std::string& id);

/// The report as lines for the terminal.
std::string describe_live(const json::object& model);

}  // namespace hearth::cli
