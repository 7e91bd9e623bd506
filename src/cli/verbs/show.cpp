// hearth show MODEL: what is known of one model, and what it does in a running server.
#include <cstdio>
#include <filesystem>
#include <fmt/ranges.h>

#include "app/open_library.h"
#include "app/server.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"
#include "cli/verbs/show_live.h"
#include "quality/report.h"
#include "services/library/model_json.h"
#include "services/pool/memory_budget.h"
#include "services/shelf/shelf.h"

namespace hearth::cli {
namespace {

namespace fs = std::filesystem;

std::string file_lines(const fs::path& folder) {
  std::vector<std::pair<std::string, std::uint64_t>> files;
  std::error_code error;
  for (const auto& file : fs::directory_iterator(folder, error))
    if (file.is_regular_file(error))
      files.emplace_back(file.path().filename().string(), file.file_size(error));
  std::sort(files.begin(), files.end());
  std::string lines;
  for (const auto& [name, bytes] : files)
    lines += fmt::format("    {:<34} {:>10}\n", name, size_text(bytes));
  return lines;
}

std::string abilities(const services::ModelEntry& model) {
  std::vector<std::string_view> list;
  if (model.tools) list.emplace_back("tools");
  if (model.thinking) list.emplace_back("thinking");
  if (model.vision) list.emplace_back("vision");
  return fmt::format("{}", fmt::join(list, ", "));
}

std::string memory_text(const services::ModelEntry& model) {
  constexpr std::uint64_t kTokens = 1000;
  if (model.weight_bytes == 0) return {};
  return fmt::format("{} weights, {} for each 1,000 tokens, about {} to work with",
                     size_text(model.weight_bytes), size_text(model.kv_bytes_per_token * kTokens),
                     size_text(model.workspace_bytes));
}

std::string describe(const services::ModelEntry& model, const services::ModelSettings& said,
                     std::uint64_t budget) {
  std::string out = fmt::format("{}\n", model.id);
  const auto row = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out += fmt::format("  {:<13} {}\n", name, value);
  };
  row("also known as", fmt::format("{}", fmt::join(model.aliases, ", ")));
  row("family", model.architecture);
  row("weights", model.quantisation);
  row("context", model.context_length > 0 ? grouped(model.context_length) + " tokens" : "");
  row("kind", model.kind);
  row("can", abilities(model));
  row("parameters", model.parameters > 0 ? grouped(model.parameters) : "");
  row("licence", model.licence);
  row("size", size_text(model.bytes));
  row("memory", memory_text(model));
  row("this machine", services::describe(services::fit(services::need_of(model), budget)));
  row("not supported", model.unsupported);
  row("favourite", said.favourite ? "yes" : "");
  row("note", said.note);
  if (said.preset != services::Preset())
    row("preset", base::write_json(services::write_preset(said.preset)));
  if (const auto measured = quality::kept(model.folder))
    row("measured", quality::describe_kept(*measured));
  row("folder", model.folder.string());
  row("damaged", model.fault);
  return out + "  files\n" + file_lines(model.folder);
}

Result<void> show(const std::string& name, const GivenFlags& flags, bool as_json) {
  const auto settings = TRY(settings_from(flags));
  const auto budget = TRY(services::memory_budget(settings));
  app::OpenLibrary shelf(settings);
  const auto model = TRY(app::find_model(shelf.library(), name));
  const auto database = shelf.database();
  const auto said = services::Shelf(database ? *database : nullptr).of(model.id);
  const auto live = live_state(settings, model.id);
  if (!as_json) {
    fmt::print("{}{}", describe(model, said, budget), live ? describe_live(*live) : "");
    return {};
  }
  json::object out = services::describe(model, budget);
  out["settings"] = services::describe(model.id, said);
  const auto measured = quality::kept(model.folder);
  out["measured"] = measured ? json::value(*measured) : json::value();
  out["live"] = live ? json::value(*live) : json::value();
  fmt::print("{}\n", base::write_json(out));
  return {};
}

}  // namespace

void add_show(CLI::App& app) {
  CLI::App* verb = app.add_subcommand(
      "show", "Show what is known of one model, and what it does in a running server");
  const auto flags = add_setting_flags(*verb, {"server.host", "server.port", "pool.memory"});
  const auto name = std::make_shared<std::string>();
  const auto as_json = std::make_shared<bool>(false);
  verb->add_option("MODEL", *name, "Name or folder")->required();
  verb->add_flag("--json", *as_json, "Print JSON");
  verb->callback([name, flags, as_json] { finish(show(*name, *flags, *as_json)); });
}

}  // namespace hearth::cli
