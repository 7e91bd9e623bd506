// Handing conversions to a running server.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "services/conversions/conversion_options.h"
#include "services/settings/settings.h"

namespace hearth::cli {

struct QueuedConversions {
  std::vector<std::string> models;
  std::string name;  ///< of the new model; empty: the source's with a suffix
  std::string preset;
  services::ConversionOptions options;
  bool replaces = false;
};

/// Puts them at the end of the server's queue and tells of it.
/// @returns InvalidArgument for a path, which a server takes from nobody; what the server answers
Result<void> queue_conversions(const services::Settings& settings, const QueuedConversions& wanted,
                               bool as_json);

/// Conversions as the server tells of them, as a table.
Result<std::string> conversions_text(const json::value& answer);

}  // namespace hearth::cli
