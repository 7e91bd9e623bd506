// hearth export MODEL FILE.tar: a model as one file.
#include "app/open_library.h"
#include "app/server.h"
#include "cli/chat_session.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"
#include "services/archive/export_model.h"

namespace hearth::cli {
namespace {

struct ExportInput {
  std::string model;
  std::string file;
  bool force = false;
};

Result<void> export_one(const GivenFlags& flags, const ExportInput& input) {
  app::OpenLibrary library(TRY(settings_from(flags)));
  const auto model = TRY(app::find_model(library.library(), input.model));
  if (!model.fault.empty())
    return fail(ErrorCode::CorruptData, "{} is damaged, so an archive of it would be: {}", model.id,
                model.fault);
  catch_interrupts();
  const auto content = services::export_model(model, input.file, input.force,
                                              [](std::uint64_t) { return !interrupted(); });
  if (!content && content.error().code == ErrorCode::Cancelled)
    throw CLI::RuntimeError(kInterrupted);
  if (!content) return fail_in("export " + model.id, content.error());
  fmt::print("{} is in {}: {} files, {}. hearth import reads it, and so does every tar.\n",
             model.id, input.file, content->files.size(), size_text(content->bytes));
  return {};
}

}  // namespace

void add_export(CLI::App& app) {
  CLI::App* verb =
      app.add_subcommand("export", "Write a model into one file, to carry it elsewhere");
  const auto flags = add_setting_flags(*verb, {"models.folders"});
  const auto input = std::make_shared<ExportInput>();
  verb->add_option("MODEL", input->model, "Name or folder")->required();
  verb->add_option("FILE", input->file, "The archive to write, as in model.tar")->required();
  verb->add_flag("--force", input->force, "Replace a file of that name");
  verb->callback([flags, input] { finish(export_one(*flags, *input)); });
}

}  // namespace hearth::cli
