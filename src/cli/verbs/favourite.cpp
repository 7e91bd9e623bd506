// hearth favourite MODEL: mark a model, or list those that are marked.
#include "app/open_library.h"
#include "app/server.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"
#include "services/shelf/shelf.h"

namespace hearth::cli {
namespace {

Result<void> print_all(services::Shelf& shelf) {
  bool any = false;
  for (const auto& [model, settings] : shelf.all())
    if (settings.favourite) {
      any = true;
      fmt::print("{}\n", model);
    }
  if (!any) fmt::print("No favourites yet. Mark a model with hearth favourite MODEL.\n");
  return {};
}

Result<void> favourite(const GivenFlags& flags, const std::string& name, bool remove) {
  app::OpenLibrary library(TRY(settings_from(flags)));
  services::Shelf shelf(TRY(library.database()));
  if (name.empty()) return print_all(shelf);
  const auto model = TRY(library.library().resolve(name));
  TRY(shelf.change(model.id,
                   [&](services::ModelSettings& settings) { settings.favourite = !remove; }));
  fmt::print("{} is {} a favourite.\n", model.id, remove ? "no longer" : "now");
  return {};
}

}  // namespace

void add_favourite(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("favourite", "Mark a model as a favourite, or list them");
  verb->alias("favorite");
  const auto flags = add_setting_flags(*verb, {"models.folders"});
  const auto name = std::make_shared<std::string>();
  const auto remove = std::make_shared<bool>(false);
  verb->add_option("MODEL", *name, "Name of a model on this machine");
  verb->add_flag("--remove", *remove, "Take the mark away again");
  verb->callback([flags, name, remove] { finish(favourite(*flags, *name, *remove)); });
}

}  // namespace hearth::cli
