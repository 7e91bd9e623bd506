// hearth serve: the server and the web app.
#include "app/server.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"

namespace hearth::cli {
namespace {

Result<void> serve(const GivenFlags& flags, const std::string& port_file) {
  auto settings = TRY(settings_from(flags));
  const auto level = base::log_level(settings.log_level).value_or(base::LogLevel::Info);
  const bool to_file = !settings.log_file.empty();
  if (!base::start_log(
          level, to_file ? std::optional<std::filesystem::path>(settings.log_file) : std::nullopt))
    log_warn("cli", "{} cannot be written: the log goes to the terminal alone", settings.log_file);
  return app::serve({.settings = std::move(settings),
                     .configured = TRY(configured_settings(flags)),
                     .port_file = port_file});
}

}  // namespace

void add_serve(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("serve", "Serve models and the web app on this machine");
  const auto flags = add_setting_flags(
      *verb, {"server.", "models.", "pool.", "engine.", "downloads.", "conversions.", "log."});
  const auto port_file = std::make_shared<std::string>();
  verb->add_option("--port-file", *port_file,
                   "Write the port into this file once the models are loaded")
      ->type_name("FILE");
  verb->footer(
      "\nWithout --model the demo model is served. Each setting can also stand in config.toml in "
      "$HEARTH_HOME\n"
      "(default ~/.hearth) or in the environment: --port is HEARTH_PORT there.\n");
  verb->callback([flags, port_file] { finish(serve(*flags, *port_file)); });
}

}  // namespace hearth::cli
