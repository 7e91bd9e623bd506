// Every setting of Hearth: the member, and one row that declares it.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace hearth::services {

/// One setting as declared: from this row follow the key in config.toml, the flag, the environment
/// variable, the validation and the help text.
struct Setting {
  using Target = std::variant<bool*, int*, std::string*, std::vector<std::string>*>;

  std::string_view key;  ///< in config.toml: `server.port`
  std::string_view
      flag;  ///< on the command line, without dashes: `port`; the variable is HEARTH_PORT
  Target target;
  std::string_view help;
  int least = 0;  ///< range of a whole number
  int most = 0;
  std::vector<std::string_view> choices = {};  ///< if not empty, the only texts allowed
};

struct Settings {
  std::string host = "127.0.0.1";
  int port = 8000;
  std::vector<std::string> allowed_hosts;
  bool allow_remote = false;
  int io_threads = 2;
  int heartbeat_s = 10;
  int drain_s = 30;

  std::vector<std::string> models;
  std::vector<std::string> model_folders;

  int max_loaded = 4;
  std::string memory = "75%";
  std::string eviction = "lru";
  std::string keep_alive = "30m";
  std::string warm_up = "Hello";

  int context_length = 0;
  std::string kv_cache = "auto";
  int max_sequences = 64;
  int tokens_per_step = 512;
  int kv_mib = 0;
  int max_waiting = 1024;
  int token_interval_ms = 150;
  bool prefix_cache = true;
  bool batch_invariant = false;
  std::vector<std::string> adapters;
  int saved_prompts_mib = 4096;

  int connections = 8;
  int limit_rate_kib = 0;
  int downloads_at_once = 2;
  int conversions_at_once = 1;

  std::string log_level = "info";
  std::string log_file;

  /// The table of declarations, bound to this object.
  std::vector<Setting> fields();
};

/// The environment variable of a setting: HEARTH_ and the flag in capitals.
std::string environment_name(const Setting& setting);

/// Reads `text` into the setting, as it stands in a variable; lists are split at commas.
Result<void> assign(const Setting& setting, std::string_view text);

/// Reads the values of a flag or of a list in the file. A list takes each as one item, commas and
/// all; any other setting takes exactly one.
Result<void> assign(const Setting& setting, const std::vector<std::string>& texts);

/// The present value as text (lists joined by commas).
std::string value_text(const Setting& setting);

}  // namespace hearth::services
