// hearth ps: what a running server holds in memory.
#include <cstdio>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"
#include "http/client.h"
#include "platform/machine.h"

namespace hearth::cli {
namespace {

Result<std::string> fetch_state(const services::Settings& settings) {
  const std::string url = fmt::format("http://{}:{}/readyz", settings.host, settings.port);
  auto response = http::fetch({.url = url, .timeout = std::chrono::seconds(5)});
  if (!response)
    return fail(ErrorCode::Io,
                "no Hearth server answers at {}:{} (start one with `hearth serve`, or name another "
                "port with --port)",
                settings.host, settings.port);
  return std::move(response->body);
}

std::string integer_text(const json::object& model, std::string_view key) {
  const auto* value = model.if_contains(key);
  return value && value->is_number() ? grouped(value->to_number<std::uint64_t>()) : "";
}

void print(const json::array& models) {
  if (models.empty()) {
    fmt::print("No model is loaded. The first request loads one.\n");
    return;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : models) {
    const auto& model = item.as_object();
    const auto process = model.at("process").to_number<std::int64_t>();
    rows.push_back({std::string(model.at("id").as_string()),
                    std::string(model.at("state").as_string()), std::to_string(process),
                    size_text(platform::resident_bytes(static_cast<pid_t>(process))),
                    integer_text(model, "running"), integer_text(model, "waiting"),
                    integer_text(model, "context_length")});
  }
  fmt::print("{}", text_table({"MODEL", "STATE", "PROCESS>", "MEMORY>", "RUNNING>", "WAITING>",
                               "CONTEXT>"},
                              rows));
}

Result<void> ps(const GivenFlags& flags, bool as_json) {
  const std::string body = TRY(fetch_state(TRY(settings_from(flags))));
  const auto state = TRY(base::parse_json(body));
  const auto* models = state.is_object() ? state.get_object().if_contains("models") : nullptr;
  if (!models || !models->is_array())
    return fail(ErrorCode::Upstream, "what answers at that address is not a Hearth server");
  if (as_json)
    fmt::print("{}\n", base::write_json(*models));
  else
    print(models->get_array());
  return {};
}

}  // namespace

void add_ps(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("ps", "Show what a running server holds in memory");
  const auto flags = add_setting_flags(*verb, {"server.host", "server.port"});
  const auto as_json = std::make_shared<bool>(false);
  verb->add_flag("--json", *as_json, "Print JSON");
  verb->callback([flags, as_json] { finish(ps(*flags, *as_json)); });
}

}  // namespace hearth::cli
