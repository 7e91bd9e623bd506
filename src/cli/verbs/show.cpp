// hearth show MODEL: what is known of one model, and what it does in a running server.
#include <cstdio>
#include <filesystem>
#include <fmt/ranges.h>

#include "app/server.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"
#include "cli/verbs/show_live.h"

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

std::string describe(const services::ModelEntry& model) {
  std::string out = fmt::format("{}\n", model.id);
  const auto row = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out += fmt::format("  {:<12} {}\n", name, value);
  };
  row("also known as", fmt::format("{}", fmt::join(model.aliases, ", ")));
  row("family", model.architecture);
  row("weights", model.quantisation);
  row("context", model.context_length > 0 ? grouped(model.context_length) + " tokens" : "");
  row("size", size_text(model.bytes));
  row("folder", model.folder.string());
  row("damaged", model.fault);
  return out + "  files\n" + file_lines(model.folder);
}

Result<void> show(const std::string& name, const GivenFlags& flags, bool as_json) {
  const auto settings = TRY(settings_from(flags));
  services::Library library(app::library_folders(settings));
  const auto model = TRY(app::find_model(library, name));
  const auto live = live_state(settings, model.id);
  if (!as_json) {
    fmt::print("{}{}", describe(model), live ? describe_live(*live) : "");
    return {};
  }
  const json::object out{{"id", model.id},
                         {"aliases", json::value_from(model.aliases)},
                         {"architecture", model.architecture},
                         {"quantization", model.quantisation},
                         {"context_length", model.context_length},
                         {"bytes", model.bytes},
                         {"folder", model.folder.string()},
                         {"fault", model.fault},
                         {"live", live ? json::value(*live) : json::value()}};
  fmt::print("{}\n", base::write_json(out));
  return {};
}

}  // namespace

void add_show(CLI::App& app) {
  CLI::App* verb = app.add_subcommand(
      "show", "Show what is known of one model, and what it does in a running server");
  const auto flags = add_setting_flags(*verb, {"server.host", "server.port"});
  const auto name = std::make_shared<std::string>();
  const auto as_json = std::make_shared<bool>(false);
  verb->add_option("MODEL", *name, "Name or folder")->required();
  verb->add_flag("--json", *as_json, "Print JSON");
  verb->callback([name, flags, as_json] { finish(show(*name, *flags, *as_json)); });
}

}  // namespace hearth::cli
