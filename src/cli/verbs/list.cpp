// hearth list: the models on this machine.
#include <cstdio>

#include "app/open_library.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"
#include "services/library/model_json.h"
#include "services/pool/memory_budget.h"

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

json::array to_json(const std::vector<services::ModelEntry>& models, std::uint64_t budget) {
  json::array list;
  for (const auto& model : models) list.push_back(services::describe(model, budget));
  return list;
}

/// "1.7B", as model names count.
std::string parameters_text(std::uint64_t parameters) {
  const auto count = static_cast<double>(parameters);
  if (parameters == 0) return "?";
  if (count >= 0.95e9) return fmt::format("{:.1f}B", count / 1e9);
  return fmt::format("{:.1f}M", count / 1e6);
}

std::string note(const services::ModelEntry& model) {
  if (!model.fault.empty()) return "damaged: " + model.fault;
  return model.unsupported.empty() ? "" : "not supported: " + model.unsupported;
}

void print(const std::vector<services::ModelEntry>& models) {
  if (models.empty()) {
    fmt::print(
        "No models yet. Fetch one with hearth pull ORG/NAME, put one into $HEARTH_HOME/models, "
        "or name a folder that holds models with --models-folder.\n");
    return;
  }
  std::vector<std::vector<std::string>> rows;
  rows.reserve(models.size());
  for (const auto& model : models)
    rows.push_back({model.id, model.kind, model.architecture, model.quantisation,
                    model.context_length > 0 ? grouped(model.context_length) : "?",
                    parameters_text(model.parameters), size_text(model.bytes), date(model.modified),
                    note(model)});
  fmt::print("{}", text_table({"MODEL", "KIND", "FAMILY", "WEIGHTS", "CONTEXT>", "PARAMETERS>",
                               "SIZE>", "DATE", ""},
                              rows));
}

Result<void> list(const GivenFlags& flags, bool as_json) {
  const auto settings = TRY(settings_from(flags));
  const auto budget = TRY(services::memory_budget(settings));
  app::OpenLibrary shelf(settings);
  const auto models = shelf.library().list();
  if (as_json)
    fmt::print("{}\n", base::write_json(to_json(models, budget)));
  else
    print(models);
  return {};
}

}  // namespace

void add_list(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("list", "List the models on this machine");
  const auto flags = add_setting_flags(*verb, {"models.folders", "pool.memory"});
  const auto as_json = std::make_shared<bool>(false);
  verb->add_flag("--json", *as_json, "Print JSON");
  verb->callback([flags, as_json] { finish(list(*flags, *as_json)); });
}

}  // namespace hearth::cli
