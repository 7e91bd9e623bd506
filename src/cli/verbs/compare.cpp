// hearth compare A B: what a model loses against another, and what it gains.
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "app/server.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/measure.h"
#include "cli/setting_flags.h"
#include "quality/report.h"

namespace hearth::cli {
namespace {

namespace fs = std::filesystem;

struct CompareInput {
  std::string reference;
  std::string other;
  MeasureInput measure;
  bool keep = false;
  bool as_json = false;
};

Result<MeasuredModel> find(services::Library& library, const std::string& name) {
  std::error_code ignored;
  if (fs::is_directory(name, ignored)) {
    const fs::path folder = fs::canonical(name, ignored);
    return MeasuredModel{.folder = folder, .name = folder.filename().string()};
  }
  auto model = TRY(app::find_model(library, name));
  return MeasuredModel{.folder = model.folder, .name = model.id};
}

Result<void> run(const GivenFlags& flags, const CompareInput& input) {
  const auto settings = TRY(settings_from(flags));
  services::Library library(app::library_folders(settings));
  const MeasuredModel reference = TRY(find(library, input.reference));
  const MeasuredModel other = TRY(find(library, input.other));
  const auto found = TRY(measure(reference, other, input.measure, input.as_json));
  const std::string text = text_name(input.measure);
  if (input.as_json) {
    json::object out = quality::to_json(found);
    out["text"] = text;
    fmt::print("{}\n", base::write_json(out));
  } else {
    fmt::print("{}", comparison_text(found, reference.name, other.name, text));
  }
  return input.keep ? quality::keep(found, reference.name, text) : Result<void>{};
}

}  // namespace

void add_compare(CLI::App& app) {
  CLI::App* verb = app.add_subcommand(
      "compare", "Measure what a model loses against another, and what it gains");
  const auto input = std::make_shared<CompareInput>();
  verb->add_option("A", input->reference, "Name or folder: what the other is measured against")
      ->required();
  verb->add_option("B", input->other, "Name or folder, with the same vocabulary")->required();
  add_measure_options(*verb, input->measure);
  verb->add_flag("--keep", input->keep, "Keep the figures with B, where hearth show finds them");
  verb->add_flag("--json", input->as_json, "Print JSON");
  const auto flags = add_setting_flags(*verb, {"models.folders"});
  verb->callback([flags, input] { finish(run(*flags, *input)); });
}

}  // namespace hearth::cli
