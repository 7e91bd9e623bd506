// hearth unload MODEL: have a running server give a model's memory back.
#include <boost/describe.hpp>
#include <cstdio>
#include <fmt/ranges.h>

#include "base/decode.h"
#include "cli/call_server.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"

namespace hearth::cli {
namespace {

struct UnloadInput {
  std::string model;
  bool all = false;
};

struct Left {
  std::string id;
  std::string outcome;
};
BOOST_DESCRIBE_STRUCT(Left, (), (id, outcome))

struct Evicted {
  std::vector<std::string> unloaded;
};
BOOST_DESCRIBE_STRUCT(Evicted, (), (unloaded))

std::string_view sentence(std::string_view outcome) {
  if (outcome == "unloaded") return "is unloaded; its memory is free again";
  if (outcome == "load_cancelled") return "was being loaded; that is cancelled";
  if (outcome == "after_use") return "is unloaded as soon as its running answers end";
  return "was not in memory";
}

Result<void> unload_all(const services::Settings& settings) {
  const auto gone = TRY(base::decode<Evicted>(
      TRY(post_to_server(settings, "/admin/api/models/evict", json::object{}))));
  if (gone.unloaded.empty())
    fmt::print("Nothing to unload: no model is unused and not pinned.\n");
  else
    fmt::print("Unloaded: {}.\n", fmt::join(gone.unloaded, ", "));
  return {};
}

Result<void> unload(const GivenFlags& flags, const UnloadInput& input) {
  const auto settings = TRY(settings_from(flags));
  if (input.all) return unload_all(settings);
  if (input.model.empty())
    return fail(ErrorCode::MissingArgument, "which model? hearth unload MODEL, or --all");
  const auto left = TRY(base::decode<Left>(
      TRY(post_to_server(settings, model_path(input.model, "unload"), json::object{}))));
  fmt::print("{} {}.\n", left.id, sentence(left.outcome));
  return {};
}

}  // namespace

void add_unload(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("unload", "Have a running server unload a model");
  const auto flags = add_setting_flags(*verb, {"server.host", "server.port"});
  const auto input = std::make_shared<UnloadInput>();
  verb->add_option("MODEL", input->model, "Its name");
  verb->add_flag("--all", input->all, "All that nobody uses and that are not pinned");
  verb->callback([flags, input] { finish(unload(*flags, *input)); });
}

}  // namespace hearth::cli
