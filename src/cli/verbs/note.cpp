// hearth note MODEL [TEXT]: keep a note on a model, or show it.
#include "app/open_library.h"
#include "app/server.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"
#include "services/shelf/shelf.h"

namespace hearth::cli {
namespace {

struct NoteInput {
  std::string model;
  std::vector<std::string> words;
  bool remove = false;
};

Result<void> note(const GivenFlags& flags, const NoteInput& input) {
  app::OpenLibrary library(TRY(settings_from(flags)));
  services::Shelf shelf(TRY(library.database()));
  const auto model = TRY(library.library().resolve(input.model));
  if (input.words.empty() && !input.remove) {
    const std::string text = shelf.of(model.id).note;
    fmt::print("{}\n", text.empty() ? fmt::format("There is no note on {}.", model.id) : text);
    return {};
  }
  std::string text;
  for (const std::string& word : input.words) text += (text.empty() ? "" : " ") + word;
  TRY(shelf.change(model.id, [&](services::ModelSettings& settings) { settings.note = text; }));
  fmt::print("The note on {} is {}.\n", model.id, text.empty() ? "removed" : "kept");
  return {};
}

}  // namespace

void add_note(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("note", "Keep a note on a model, or show it");
  const auto flags = add_setting_flags(*verb, {"models.folders"});
  const auto input = std::make_shared<NoteInput>();
  verb->add_option("MODEL", input->model, "Name of a model on this machine")->required();
  verb->add_option("TEXT", input->words, "The note; it replaces the one before it");
  verb->add_flag("--remove", input->remove, "Remove the note");
  verb->callback([flags, input] { finish(note(*flags, *input)); });
}

}  // namespace hearth::cli
