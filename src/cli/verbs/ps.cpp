// hearth ps: what a running server holds in memory.
#include <boost/describe.hpp>
#include <cstdint>
#include <cstdio>
#include <optional>

#include "base/decode.h"
#include "base/json.h"
#include "cli/call_server.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"
#include "platform/machine.h"

namespace hearth::cli {
namespace {

struct RunningModel {
  std::string id;
  std::string state;
  std::int64_t process = 0;
  std::uint64_t running = 0;
  std::uint64_t waiting = 0;
  std::uint64_t context_length = 0;
  std::uint64_t users = 0;
  bool pinned = false;
  bool preload = false;
  std::optional<double> expires_s;
};
BOOST_DESCRIBE_STRUCT(RunningModel, (),
                      (id, state, process, running, waiting, context_length, users, pinned, preload,
                       expires_s))

/// What the server says of its pool, as far as it is shown here.
struct ServerState {
  std::vector<RunningModel> models;
};
BOOST_DESCRIBE_STRUCT(ServerState, (), (models))

/// How long it stays.
std::string stays(const RunningModel& model) {
  if (model.pinned || model.preload) return "pinned";
  if (model.state == "crashed") return "left alone";
  if (model.state != "loaded" || model.users > 0) return "in use";
  if (!model.expires_s) return "for ever";
  if (*model.expires_s < 60) return fmt::format("{:.0f} s", *model.expires_s);
  return fmt::format("{:.0f} min", *model.expires_s / 60);
}

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
                    grouped(model.running), grouped(model.waiting), grouped(model.context_length),
                    stays(model)});
  fmt::print("{}", text_table({"MODEL", "STATE", "PROCESS>", "MEMORY>", "RUNNING>", "WAITING>",
                               "CONTEXT>", "STAYS>"},
                              rows));
}

Result<void> ps(const GivenFlags& flags, bool as_json) {
  const auto settings = TRY(settings_from(flags));
  const auto document = TRY(get_from_server(settings, "/admin/api/pool"));
  const auto state = base::decode<ServerState>(document);
  if (!state)
    return fail(ErrorCode::Upstream, "what answers at that address is not a Hearth server");
  if (as_json)
    fmt::print("{}\n", base::write_json(document.at("models")));
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
