// The table of settings, and reading one value of it.
#include "services/settings/settings.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fmt/ranges.h>
#include <iterator>

namespace hearth::services {
namespace {

Result<void> read(bool& target, const Setting& setting, std::string_view text) {
  if (text == "true" || text == "1" || text == "yes" || text == "on") {
    target = true;
  } else if (text == "false" || text == "0" || text == "no" || text == "off") {
    target = false;
  } else {
    return fail(ErrorCode::InvalidArgument, "{} must be true or false, not \"{}\"", setting.key,
                text);
  }
  return {};
}

Result<void> read(int& target, const Setting& setting, std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < setting.least ||
      number > setting.most)
    return fail(ErrorCode::InvalidArgument, "{} must be a whole number from {} to {}, not \"{}\"",
                setting.key, setting.least, setting.most, text);
  target = number;
  return {};
}

Result<void> read(std::string& target, const Setting& setting, std::string_view text) {
  const auto& choices = setting.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end())
    return fail(ErrorCode::InvalidArgument, "{} must be one of {}, not \"{}\"", setting.key,
                fmt::join(choices, ", "), text);
  target = text;
  return {};
}

Result<void> read(std::vector<std::string>& target, const Setting&, std::string_view text) {
  target.clear();
  while (!text.empty()) {
    const auto comma = text.find(',');
    if (const auto item = text.substr(0, comma); !item.empty()) target.emplace_back(item);
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return {};
}

/// Those of the models in memory.
std::vector<Setting> pool_fields(Settings& settings) {
  return {
      {"pool.max_loaded", "max-loaded", &settings.max_loaded,
       "Models held in memory at once; 0: as many as fit", 0, 64},
      {"pool.memory", "memory", &settings.memory,
       "Memory that models may take together: \"75%\" of the machine's, or \"12GB\""},
      {"pool.eviction",
       "eviction",
       &settings.eviction,
       "Which unused model makes room first: the one unused for longest (lru), used least often "
       "(lfu), or next to be unloaded for being idle (ttl)",
       0,
       0,
       {"lru", "lfu", "ttl"}},
      {"pool.keep_alive", "keep-alive", &settings.keep_alive,
       "How long an unused model stays in memory: \"30m\", seconds, 0, or -1 for ever"},
      {"pool.warm_up", "warm-up", &settings.warm_up,
       "A prompt that each model reads before it serves; empty: none"},
  };
}

/// Those of downloads, conversions and the log.
std::vector<Setting> queue_and_log_fields(Settings& settings) {
  return {
      {"downloads.connections", "connections", &settings.connections,
       "Connections that a download uses at once", 1, 32},
      {"downloads.limit_rate_kib", "limit-rate", &settings.limit_rate_kib,
       "KiB per second that all downloads together may take; 0: no limit", 0, 16'777'216},
      {"downloads.at_once", "downloads-at-once", &settings.downloads_at_once,
       "Models that a server downloads at once; others wait", 1, 16},
      {"conversions.at_once", "conversions-at-once", &settings.conversions_at_once,
       "Models that a server converts at once; others wait", 1, 8},
      {"log.level",
       "log-level",
       &settings.log_level,
       "How much is logged",
       0,
       0,
       {"debug", "info", "warn", "error", "off"}},
      {"log.file", "log-file", &settings.log_file, "A file that receives the log too"},
  };
}

}  // namespace

std::vector<Setting> Settings::fields() {
  std::vector<Setting> all{
      {"server.host", "host", &host, "Address to listen on"},
      {"server.port", "port", &port, "Port to listen on; 0 takes any free one", 0, 65535},
      {"server.allowed_hosts", "allow-host", &allowed_hosts,
       "Further host names that requests may carry (guard against DNS rebinding)"},
      {"server.allow_remote", "allow-remote", &allow_remote,
       "Listen beyond this machine although nobody has to sign in"},
      {"server.io_threads", "io-threads", &io_threads, "Threads that serve connections", 1, 64},
      {"server.heartbeat_s", "heartbeat", &heartbeat_s,
       "Seconds of silence after which a stream is kept alive", 1, 3600},
      {"server.drain_s", "drain", &drain_s, "Seconds that running answers get at shutdown", 0,
       3600},
      {"models.serve", "model", &models, "Models to load at start: names or folders"},
      {"models.folders", "models-folder", &model_folders, "Further folders that hold models"},
      {"engine.context_length", "context-length", &context_length,
       "Context in tokens; 0 takes the model's own", 0, 16'777'216},
      {"engine.kv_cache",
       "kv-cache",
       &kv_cache,
       "How keys and values are kept: fewer bits take less memory and cost a little accuracy; "
       "auto: 16 bits on a CPU, elsewhere plain",
       0,
       0,
       {"auto", "plain", "16-bit", "8-bit", "4-bit"}},
      {"engine.max_sequences", "max-sequences", &max_sequences,
       "Requests that run at once per model", 1, 1024},
      {"engine.tokens_per_step", "tokens-per-step", &tokens_per_step,
       "Tokens computed in one step of the engine", 1, 65536},
      {"engine.kv_mib", "kv-mib", &kv_mib, "Memory for the KV cache per model in MiB; 0 plans it",
       0, 16'777'216},
      {"engine.max_waiting", "max-waiting", &max_waiting,
       "Requests that may wait per model; more are told to come later", 1, 1'000'000},
      {"engine.token_interval_ms", "token-interval", &token_interval_ms,
       "Milliseconds within which a running answer gets its next token while prompts are read", 5,
       60'000},
      {"engine.prefix_cache", "prefix-cache", &prefix_cache,
       "Keep what was computed for later prompts that begin alike"},
      {"engine.batch_invariant", "batch-invariant", &batch_invariant,
       "Equal requests get equal bits whatever runs beside them; slower"},
      {"engine.adapters", "adapter", &adapters,
       "LoRA adapters that requests may choose: NAME=FOLDER for the first model, "
       "MODEL:NAME=FOLDER for others"},
      {"engine.saved_prompts_mib", "saved-prompts-mib", &saved_prompts_mib,
       "Disk space for saved prompts of all models in MiB; 0 keeps and uses none", 0, 16'777'216},
  };
  std::ranges::move(pool_fields(*this), std::back_inserter(all));
  std::ranges::move(queue_and_log_fields(*this), std::back_inserter(all));
  return all;
}

std::string environment_name(const Setting& setting) {
  std::string name = fmt::format("HEARTH_{}", setting.flag);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return c == '-' ? '_' : static_cast<char>(std::toupper(c));
  });
  return name;
}

Result<void> assign(const Setting& setting, std::string_view text) {
  return std::visit([&](auto* target) { return read(*target, setting, text); }, setting.target);
}

Result<void> assign(const Setting& setting, const std::vector<std::string>& texts) {
  if (auto* const* list = std::get_if<std::vector<std::string>*>(&setting.target)) {
    **list = texts;
    return {};
  }
  if (texts.size() != 1)
    return fail(ErrorCode::InvalidArgument, "{} takes one value, not {}", setting.key,
                texts.size());
  return assign(setting, std::string_view(texts.front()));
}

std::string value_text(const Setting& setting) {
  struct Show {
    std::string operator()(const bool* value) const { return *value ? "true" : "false"; }
    std::string operator()(const int* value) const { return std::to_string(*value); }
    std::string operator()(const std::string* value) const { return *value; }
    std::string operator()(const std::vector<std::string>* value) const {
      return fmt::format("{}", fmt::join(*value, ","));
    }
  };
  return std::visit(Show(), setting.target);
}

}  // namespace hearth::services
