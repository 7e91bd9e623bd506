// Flags for the declared settings, and the settings that result.
#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/settings/settings.h"

namespace hearth::cli {

/// What was given on the command line, by flag.
using GivenFlags = std::map<std::string, std::vector<std::string>>;

/// Adds a flag for every setting whose key begins with one of `groups` ("server.", "engine." ...).
/// @returns where the given values will stand once the command line is read.
std::shared_ptr<GivenFlags> add_setting_flags(CLI::App& verb,
                                              const std::vector<std::string_view>& groups);

/// Flags, environment, what was changed while a server ran, and `$HEARTH_HOME/config.toml`, as one.
Result<services::Settings> settings_from(const GivenFlags& flags);

/// The same without what was changed while a server ran.
Result<services::Settings> configured_settings(const GivenFlags& flags);

}  // namespace hearth::cli
