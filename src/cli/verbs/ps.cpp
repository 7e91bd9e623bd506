// hearth ps: what a running server holds in memory.
#include <boost/describe.hpp>
#include <cstdint>
#include <cstdio>

#include "base/decode.h"
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

struct RunningModel {
  std::string id;
  std::string state;
  std::int64_t process = 0;
  std::uint64_t running = 0;
  std::uint64_t waiting = 0;
  std::uint64_t context_length = 0;
};
BOOST_DESCRIBE_STRUCT(RunningModel, (), (id, state, process, running, waiting, context_length))

/// What /readyz says, as far as it is shown here.
struct ServerState {
  std::vector<RunningModel> models;
};
BOOST_DESCRIBE_STRUCT(ServerState, (), (models))

void print(const std::vector<RunningModel>& models) {
  if (models.empty()) {
    fmt::print("No model is loaded. The first request loads one.\n");
    return;
  }
  std::vector<std::vector<std::string>> rows;
  rows.reserve(models.size());
  for (const RunningModel& model : models)
    rows.push_back({model.id, model.state, std::to_string(model.process),
                    size_text(platform::resident_bytes(static_cast<pid_t>(model.process))),
                    grouped(model.running), grouped(model.waiting), grouped(model.context_length)});
  fmt::print("{}", text_table({"MODEL", "STATE", "PROCESS>", "MEMORY>", "RUNNING>", "WAITING>",
                               "CONTEXT>"},
                              rows));
}

Result<void> ps(const GivenFlags& flags, bool as_json) {
  const std::string body = TRY(fetch_state(TRY(settings_from(flags))));
  const auto document = base::parse_json(body);
  const auto state =
      document ? base::decode<ServerState>(*document) : Result<ServerState>(fail(document.error()));
  if (!state)
    return fail(ErrorCode::Upstream, "what answers at that address is not a Hearth server");
  if (as_json)
    fmt::print("{}\n", base::write_json(document->at("models")));
  else
    print(state->models);
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
