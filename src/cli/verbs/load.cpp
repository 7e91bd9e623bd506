// hearth load MODEL: have a running server load a model now.
#include <boost/describe.hpp>
#include <cstdint>
#include <cstdio>

#include "base/decode.h"
#include "cli/call_server.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"

namespace hearth::cli {
namespace {

struct LoadInput {
  std::string model;
  std::string keep_alive;
};

struct LoadedMemory {
  std::uint64_t planned_bytes = 0;
};
BOOST_DESCRIBE_STRUCT(LoadedMemory, (), (planned_bytes))

/// What the server says of it, as far as it is shown here.
struct Loaded {
  std::string id;
  std::int64_t process = 0;
  std::uint64_t context_length = 0;
  LoadedMemory memory;
};
BOOST_DESCRIBE_STRUCT(Loaded, (), (id, process, context_length, memory))

Result<void> load(const GivenFlags& flags, const LoadInput& input) {
  const auto settings = TRY(settings_from(flags));
  json::object body;
  if (!input.keep_alive.empty()) body["keep_alive"] = input.keep_alive;
  const auto answer = TRY(post_to_server(settings, model_path(input.model, "load"), body));
  const auto model = TRY(base::decode<Loaded>(answer));
  fmt::print("{} is loaded in process {}: a context of {} tokens, at most {} of memory.\n",
             model.id, model.process, grouped(model.context_length),
             size_text(model.memory.planned_bytes));
  return {};
}

}  // namespace

void add_load(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("load", "Have a running server load a model now");
  const auto flags = add_setting_flags(*verb, {"server.host", "server.port"});
  const auto input = std::make_shared<LoadInput>();
  verb->add_option("MODEL", input->model, "Its name")->required();
  verb->add_option("--keep-alive", input->keep_alive,
                   "How long it stays unused: \"10m\", seconds, or -1 for ever")
      ->type_name("TIME");
  verb->footer("\nCtrl-C ends the load, unless somebody else waits for it.\n");
  verb->callback([flags, input] { finish(load(*flags, *input)); });
}

}  // namespace hearth::cli
