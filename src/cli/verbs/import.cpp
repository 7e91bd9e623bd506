// hearth import FILE.tar: a model out of an archive.
#include "cli/chat_session.h"
#include "cli/cli.h"
#include "cli/text_table.h"
#include "platform/paths.h"
#include "services/archive/import_model.h"

namespace hearth::cli {
namespace {

struct ImportInput {
  std::string file;
  std::string name;
  bool force = false;
};

Result<void> import_one(const ImportInput& input) {
  const services::ImportRequest request{.archive = input.file,
                                        .models = platform::hearth_home() / "models",
                                        .name = input.name,
                                        .overwrite = input.force};
  catch_interrupts();
  const auto content =
      services::import_model(request, [](std::uint64_t) { return !interrupted(); });
  if (!content && content.error().code == ErrorCode::Cancelled)
    throw CLI::RuntimeError(kInterrupted);
  if (!content) return fail_in("import", content.error());
  fmt::print("{} is here: {} files, {}, each proven by its hash.\n", content->model,
             content->files.size(), size_text(content->bytes));
  return {};
}

}  // namespace

void add_import(CLI::App& app) {
  CLI::App* verb =
      app.add_subcommand("import", "Take a model from a file that hearth export wrote");
  const auto input = std::make_shared<ImportInput>();
  verb->add_option("FILE", input->file, "The archive, as in model.tar")->required();
  verb->add_option("--as", input->name, "Another name for it [the one it had]")
      ->type_name("ORG/NAME");
  verb->add_flag("--force", input->force, "Replace a model of that name");
  verb->footer("\nThe model comes into the folder models in $HEARTH_HOME (default ~/.hearth).\n");
  verb->callback([input] { finish(import_one(*input)); });
}

}  // namespace hearth::cli
