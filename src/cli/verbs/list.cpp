// hearth list: the models on this machine.
#include <cstdio>

#include "app/server.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"

namespace hearth::cli {
namespace {

std::string date(std::int64_t seconds) {
  const std::time_t time = static_cast<std::time_t>(seconds);
  char text[16] = {};
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::strftime(text, sizeof text, "%Y-%m-%d", &parts);
  return text;
}

json::array to_json(const std::vector<services::ModelEntry>& models) {
  json::array list;
  for (const auto& model : models)
    list.push_back(json::object{{"id", model.id},
                                {"aliases", json::value_from(model.aliases)},
                                {"folder", model.folder.string()},
                                {"architecture", model.architecture},
                                {"quantization", model.quantisation},
                                {"context_length", model.context_length},
                                {"bytes", model.bytes},
                                {"fault", model.fault}});
  return list;
}

void print(const std::vector<services::ModelEntry>& models) {
  if (models.empty()) {
    fmt::print(
        "No models yet. Fetch one with hearth pull ORG/NAME, put one into $HEARTH_HOME/models, or "
        "name "
        "a folder that holds models with --models-folder.\n");
    return;
  }
  std::vector<std::vector<std::string>> rows;
  rows.reserve(models.size());
  for (const auto& model : models)
    rows.push_back({model.id, model.architecture, model.quantisation,
                    model.context_length > 0 ? grouped(model.context_length) : "?",
                    size_text(model.bytes), date(model.modified),
                    model.fault.empty() ? "" : "damaged: " + model.fault});
  fmt::print("{}",
             text_table({"MODEL", "FAMILY", "WEIGHTS", "CONTEXT>", "SIZE>", "DATE", ""}, rows));
}

Result<void> list(const GivenFlags& flags, bool as_json) {
  const services::Library library(app::library_folders(TRY(settings_from(flags))));
  const auto models = library.list();
  if (as_json)
    fmt::print("{}\n", base::write_json(to_json(models)));
  else
    print(models);
  return {};
}

}  // namespace

void add_list(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("list", "List the models on this machine");
  const auto flags = add_setting_flags(*verb, {"models.folders"});
  const auto as_json = std::make_shared<bool>(false);
  verb->add_flag("--json", *as_json, "Print JSON");
  verb->callback([flags, as_json] { finish(list(*flags, *as_json)); });
}

}  // namespace hearth::cli
