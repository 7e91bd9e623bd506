// hearth search WORDS: what the Hub has, and whether it fits this machine.
#include "services/discover/search.h"

#include "app/open_hub.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"
#include "services/pool/memory_budget.h"

namespace hearth::cli {
namespace {

struct SearchInput {
  std::vector<std::string> words;
  hub::SearchQuery query;
  bool fits = false;
  bool all = false;
  bool as_json = false;
};

std::string size_of(const services::FoundModel& model) {
  return model.info.weight_bytes ? size_text(*model.info.weight_bytes) : "?";
}

std::string note_of(const services::FoundModel& model) {
  std::string note = model.info.gated ? "gated" : "";
  if (model.info.is_private) note += note.empty() ? "private" : ", private";
  return note;
}

std::string_view verdict_of(const services::FoundModel& model) {
  if (!model.fit) return "?";
  switch (model.fit->verdict) {
    case services::WeightFit::Verdict::Fits:
      return "fits";
    case services::WeightFit::Verdict::MayFit:
      return "may fit";
    case services::WeightFit::Verdict::DoesNotFit:
      break;
  }
  return "too large";
}

void print(const std::vector<services::FoundModel>& models) {
  if (models.empty()) {
    fmt::print("Nothing found. Fewer words find more; --all looks beyond models made for MLX.\n");
    return;
  }
  std::vector<std::vector<std::string>> rows;
  rows.reserve(models.size());
  for (const auto& model : models)
    rows.push_back({model.info.id, model.info.task, size_of(model), std::string(verdict_of(model)),
                    grouped(model.info.downloads), grouped(model.info.likes),
                    model.info.modified.substr(0, 10), note_of(model)});
  fmt::print(
      "{}",
      text_table({"MODEL", "TASK", "SIZE>", "HERE", "DOWNLOADS>", "LIKES>", "CHANGED", ""}, rows));
}

Result<void> search(const GivenFlags& flags, SearchInput input) {
  for (const std::string& word : input.words)
    input.query.text += (input.query.text.empty() ? "" : " ") + word;
  if (!input.all) input.query.filters.emplace_back("mlx");
  if (input.query.sort.empty())
    input.query.sort = input.query.text.empty() ? "trendingScore" : "downloads";
  input.query.expand = services::search_members();
  const services::MachineView view{
      .budget_bytes = TRY(services::memory_budget(TRY(settings_from(flags)))),
      .only_fitting = input.fits};
  const app::OpenHub opened;
  hub::HubClient hub(TRY(opened.access().places()));
  auto found = TRY(services::search(hub, input.query, view));
  const auto limit = static_cast<std::size_t>(input.query.limit);
  if (found.models.size() > limit) found.models.resize(limit);
  if (!input.as_json) {
    print(found.models);
    return {};
  }
  json::array list;
  for (const auto& model : found.models) list.push_back(services::describe(model));
  fmt::print("{}\n", base::write_json(list));
  return {};
}

}  // namespace

void add_search(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("search", "Search the Hub for models");
  const auto input = std::make_shared<SearchInput>();
  hub::SearchQuery& query = input->query;
  verb->add_option("WORDS", input->words, "What to look for [what is talked about now]");
  verb->add_option("--author", query.author, "An organisation or a person")->type_name("NAME");
  verb->add_option("--task", query.task, "As in text-generation")->type_name("TASK");
  verb->add_option("--filter", query.filters, "A tag that must hold, as in license:mit")
      ->type_name("TAG")
      ->allow_extra_args(false);
  verb->add_option("--sort", query.sort, "What comes first [downloads]")
      ->check(CLI::IsMember({"trendingScore", "downloads", "likes", "likes30d", "createdAt",
                             "lastModified", "num_parameters"}));
  verb->add_flag("--ascending", query.ascending, "The least first");
  verb->add_option("--limit", query.limit, "How many [20]")
      ->type_name("NUMBER")
      ->check(CLI::Range(1, 500));
  verb->add_flag("--fits", input->fits, "Leave out what does not fit this machine");
  verb->add_flag("--all", input->all, "Not only models made for MLX");
  verb->add_flag("--json", input->as_json, "Print JSON");
  const auto flags = add_setting_flags(*verb, {"pool.memory"});
  verb->callback([flags, input] { finish(search(*flags, *input)); });
}

}  // namespace hearth::cli
