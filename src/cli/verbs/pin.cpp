// hearth pin MODEL: have a running server keep a model in memory.
#include <boost/describe.hpp>
#include <cstdio>

#include "base/decode.h"
#include "cli/call_server.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"

namespace hearth::cli {
namespace {

struct PinInput {
  std::string model;
  bool remove = false;
  bool at_start = false;
};

struct Pinned {
  std::string id;
};
BOOST_DESCRIBE_STRUCT(Pinned, (), (id))

Result<void> pin(const GivenFlags& flags, const PinInput& input) {
  const auto settings = TRY(settings_from(flags));
  const auto order = [&](std::string_view what, const json::object& body) -> Result<std::string> {
    const auto answer = TRY(post_to_server(settings, model_path(input.model, what), body));
    return TRY(base::decode<Pinned>(answer)).id;
  };
  if (input.at_start) {
    const auto id = TRY(order("preload", {{"preload", !input.remove}}));
    fmt::print("{} is {} when the server starts.\n", id,
               input.remove ? "no longer loaded" : "loaded and stays in memory");
  } else {
    const auto id = TRY(order(input.remove ? "unpin" : "pin", {}));
    fmt::print("{} {}.\n", id,
               input.remove ? "may leave memory again" : "stays in memory once it is loaded");
  }
  return {};
}

}  // namespace

void add_pin(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("pin", "Have a running server keep a model in memory");
  const auto flags = add_setting_flags(*verb, {"server.host", "server.port"});
  const auto input = std::make_shared<PinInput>();
  verb->add_option("MODEL", input->model, "Its name")->required();
  verb->add_flag("--at-start", input->at_start, "Load it whenever the server starts, too");
  verb->add_flag("--remove", input->remove, "Take the pin away again");
  verb->callback([flags, input] { finish(pin(*flags, *input)); });
}

}  // namespace hearth::cli
