// hearth recommend: models that suit this machine.
#include "app/open_library.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"
#include "services/discover/catalogue.h"
#include "services/pool/memory_budget.h"

namespace hearth::cli {
namespace {

using services::Recommendation;

std::string context_text(const Recommendation& one) {
  if (one.fit.verdict == services::Fit::Verdict::Fits) return grouped(one.row->context_length);
  return fmt::format("{} of {}", grouped(one.fit.context), grouped(one.row->context_length));
}

void print(const std::vector<Recommendation>& all, std::uint64_t budget) {
  std::vector<std::vector<std::string>> rows;
  for (const Recommendation& one : all) {
    if (!one.suits) continue;
    std::string note = one.best ? fmt::format("the ablest for {}", name(one.row->purpose)) : "";
    if (one.here) note += note.empty() ? "here" : ", here";
    rows.push_back({std::string(one.row->id), std::string(name(one.row->purpose)),
                    size_text(services::need_of(*one.row).weight_bytes), context_text(one), note});
  }
  if (rows.empty()) {
    fmt::print(
        "No model of the built-in list fits into {} with a context of use. hearth run demo always "
        "does.\n",
        size_text(budget));
    return;
  }
  fmt::print(
      "{} may be used for a model here. The smaller a model, the faster it answers.\n\n{}\n"
      "hearth pull MODEL fetches one; hearth search --fits finds others.\n",
      size_text(budget), text_table({"MODEL", "FOR", "SIZE>", "CONTEXT>", ""}, rows));
}

Result<void> recommend(const GivenFlags& flags, bool as_json) {
  const auto settings = TRY(settings_from(flags));
  const auto budget = TRY(services::memory_budget(settings));
  app::OpenLibrary shelf(settings);
  const auto all = services::recommend(budget, shelf.library().list());
  if (!as_json) {
    print(all, budget);
    return {};
  }
  json::array list;
  for (const Recommendation& one : all) list.push_back(services::describe(one));
  fmt::print("{}\n", base::write_json(list));
  return {};
}

}  // namespace

void add_recommend(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("recommend", "Name models that suit this machine");
  const auto flags = add_setting_flags(*verb, {"models.folders", "pool.memory"});
  const auto as_json = std::make_shared<bool>(false);
  verb->add_flag("--json", *as_json, "Print JSON, also of what does not suit");
  verb->callback([flags, as_json] { finish(recommend(*flags, *as_json)); });
}

}  // namespace hearth::cli
