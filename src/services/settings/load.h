// Where settings come from: flag > environment > changed while a server ran > config.toml >
// default.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "services/settings/settings.h"

namespace hearth::services {

/// The texts that come from outside. Flags map a flag's name to the values given (several for
/// lists).
struct SettingSources {
  std::filesystem::path config_file;             ///< may be absent
  std::map<std::string, std::string> kept = {};  ///< changed while a server ran: by key
  std::function<std::string(const std::string&)> environment;  ///< empty text: not set
  std::map<std::string, std::vector<std::string>> flags;
};

/// Reads all sources, the strongest last. Errors name the source: file, line and column, variable
/// or flag. A key in the file that nobody declares is an error with the nearest declared key:
/// typing mistakes show. Of what is kept the log names what makes no sense any more, and it does
/// not count: nobody could mend it without a running server.
Result<Settings> load_settings(const SettingSources& sources);

}  // namespace hearth::services
