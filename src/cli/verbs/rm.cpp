// hearth rm MODEL: delete a model, or one revision of it.
#include <cstdio>
#include <iostream>
#include <unistd.h>

#include "app/open_library.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"
#include "services/library/disk_usage.h"

namespace hearth::cli {
namespace {

struct RmInput {
  std::string model;
  std::string revision;
  bool yes = false;
};

/// Deleting takes the whole id or an alias: a part of a name could mean another one tomorrow.
Result<services::ModelEntry> find(const services::Library& library, const std::string& name) {
  auto model = TRY(library.resolve(name));
  const auto& aliases = model.aliases;
  if (model.id == name || std::ranges::find(aliases, name) != aliases.end()) return model;
  return fail(ErrorCode::InvalidArgument, "to delete {}, write its name in full", model.id);
}

/// Whether somebody at the terminal agrees.
Result<void> ask(const std::string& what, bool yes) {
  if (yes) return {};
  if (::isatty(STDIN_FILENO) == 0)
    return fail(ErrorCode::InvalidArgument,
                "nobody is there to ask: say --yes to delete without a question");
  fmt::print("Delete {}? [y/N] ", what);
  std::fflush(stdout);
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "yes") return {};
  return fail(ErrorCode::Cancelled, "nothing was deleted");
}

Result<void> rm(const GivenFlags& flags, const RmInput& input) {
  app::OpenLibrary shelf(TRY(settings_from(flags)));
  const auto& cache = shelf.library().folders().hub_cache;
  const auto model = TRY(find(shelf.library(), input.model));
  std::uint64_t freed = 0;
  if (input.revision.empty()) {
    const auto folder = services::whole_folder(model, cache);
    TRY(ask(fmt::format("{} ({}, {})", model.id, folder.string(),
                        size_text(services::bytes_on_disk(folder))),
            input.yes));
    freed = TRY(services::remove_model(model, cache));
  } else {
    if (model.place != services::ModelPlace::HubCache)
      return fail(ErrorCode::InvalidArgument, "{} has no revisions: it lies in {}", model.id,
                  model.folder.string());
    TRY(ask(fmt::format("revision {} of {}", input.revision, model.id), input.yes));
    freed = TRY(services::remove_revision(cache, model.id, input.revision));
  }
  fmt::print("{} is deleted; {} are free again.\n", model.id, size_text(freed));
  return {};
}

}  // namespace

void add_rm(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("rm", "Delete a model from this machine");
  const auto flags = add_setting_flags(*verb, {"models.folders"});
  const auto input = std::make_shared<RmInput>();
  verb->add_option("MODEL", input->model, "Its name in full, or an alias")->required();
  verb->add_option("--revision", input->revision, "Only this commit; files that others share stay")
      ->type_name("COMMIT");
  verb->add_flag("-y,--yes", input->yes, "Do not ask");
  verb->callback([flags, input] { finish(rm(*flags, *input)); });
}

}  // namespace hearth::cli
