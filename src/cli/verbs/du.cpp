// hearth du: what models take on the disk.
#include <algorithm>

#include "app/open_library.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/setting_flags.h"
#include "cli/text_table.h"
#include "hub/partial_files.h"
#include "platform/machine.h"
#include "services/library/disk_usage.h"

namespace hearth::cli {
namespace {

struct Usage {
  std::string model;
  std::uint64_t bytes = 0;
  std::uint64_t partial = 0;  ///< of these, of files that are half here
  std::string folder;
};

std::vector<Usage> usage_of(const services::Library& library) {
  const auto& cache = library.folders().hub_cache;
  std::vector<Usage> all;
  for (const services::ModelEntry& model : library.list()) {
    const auto folder = services::whole_folder(model, cache);
    const bool in_cache = model.place == services::ModelPlace::HubCache;
    all.push_back({.model = model.id,
                   .bytes = services::bytes_on_disk(folder / "."),
                   .partial = in_cache ? hub::partial_files(cache, model.id).bytes : 0,
                   .folder = folder.string()});
  }
  std::ranges::sort(all, std::greater(), &Usage::bytes);
  return all;
}

void print(const std::vector<Usage>& all, std::uint64_t total, std::uint64_t free) {
  std::vector<std::vector<std::string>> rows;
  rows.reserve(all.size());
  for (const Usage& usage : all)
    rows.push_back({usage.model, size_text(usage.bytes),
                    usage.partial > 0 ? size_text(usage.partial) : "", usage.folder});
  fmt::print("{}", text_table({"MODEL", "ON DISK>", "HALF HERE>", "FOLDER"}, rows));
  fmt::print("{} in all; {} are free on the disk of the Hub's cache.\n", size_text(total),
             size_text(free));
}

Result<void> du(const GivenFlags& flags, bool as_json) {
  app::OpenLibrary shelf(TRY(settings_from(flags)));
  const auto all = usage_of(shelf.library());
  std::uint64_t total = 0;
  for (const Usage& usage : all) total += usage.bytes;
  const auto free = platform::free_disk_bytes(shelf.library().folders().hub_cache.string());
  if (!as_json) {
    print(all, total, free);
    return {};
  }
  json::array models;
  for (const Usage& usage : all)
    models.push_back(json::object{{"id", usage.model},
                                  {"bytes", usage.bytes},
                                  {"partial_bytes", usage.partial},
                                  {"folder", usage.folder}});
  fmt::print("{}\n", base::write_json(json::object{
                         {"models", std::move(models)}, {"bytes", total}, {"free_bytes", free}}));
  return {};
}

}  // namespace

void add_du(CLI::App& app) {
  CLI::App* verb = app.add_subcommand("du", "Show what models take on the disk");
  const auto flags = add_setting_flags(*verb, {"models.folders"});
  const auto as_json = std::make_shared<bool>(false);
  verb->add_flag("--json", *as_json, "Print JSON");
  verb->callback([flags, as_json] { finish(du(*flags, *as_json)); });
}

}  // namespace hearth::cli
