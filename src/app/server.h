// The server, put together: every object is built here, started, and stopped in order.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"
#include "services/library/adapters.h"
#include "services/library/library.h"
#include "services/settings/settings.h"

namespace hearth::app {

struct ServerInput {
  services::Settings settings;
  services::Settings configured;    ///< the same without what was changed while a server ran
  std::filesystem::path port_file;  ///< receives the port once the models are loaded; empty: none
};

/// Serves until SIGINT or SIGTERM, then drains. Call from the main thread, before any other thread
/// exists.
/// @returns an error if the server cannot start (port in use, address not allowed, model unknown).
Result<void> serve(const ServerInput& input);

/// The folders that the library looks into, from the settings and the environment.
services::LibraryFolders library_folders(const services::Settings& settings);

/// `name` resolved by the library or, if it looks like a path (has a slash and is a folder, or
/// begins with `.`), that folder. For the command line only.
Result<services::ModelEntry> find_model(services::Library& library, const std::string& name);

/// Fills the table of adapters from the settings; those without a model belong to `first`.
/// @returns an error that names the setting, the model or the folder.
Result<void> find_adapters(services::Library& library, const services::Settings& settings,
                           const std::string& first, services::Adapters& adapters);

/// What `hearth version` says: "0.1.0".
std::string version();

}  // namespace hearth::app
