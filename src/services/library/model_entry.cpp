// Facts about a model folder from its config.json and its files.
#include "services/library/model_entry.h"

#include <algorithm>
#include <boost/describe.hpp>
#include <chrono>
#include <fstream>
#include <iterator>
#include <limits>
#include <set>

#include "base/decode.h"
#include "base/json.h"
#include "base/sha256.h"
#include "services/library/members.h"
#include "services/library/memory_need.h"
#include "services/library/model_kind.h"
#include "services/library/weight_facts.h"

namespace hearth::services {

// What is kept of a folder.
BOOST_DESCRIBE_STRUCT(ModelEntry, (),
                      (kind, architecture, quantisation, context_length, bytes, modified,
                       parameters, weight_bytes, kv_bytes_per_token, kv_window_bytes,
                       workspace_bytes, thinking, tools, vision, licence, unsupported, fault))

namespace {

namespace fs = std::filesystem;

Result<json::object> read_object(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail(ErrorCode::NotFound, "{} cannot be read", file.filename().string());
  const std::string text(std::istreambuf_iterator<char>(in), {});
  auto value = TRY_IN(file.filename().string(), base::parse_json(text));
  if (!value.is_object())
    return fail(ErrorCode::CorruptData, "{}: must hold an object", file.filename().string());
  return std::move(value.get_object());
}

std::string quantisation_of(const json::object& config) {
  for (const std::string_view key : {"quantization", "quantization_config"}) {
    const auto* found = config.if_contains(key);
    if (!found || !found->is_object()) continue;
    const auto& settings = found->get_object();
    if (const auto bits = integer_of(settings, "bits"); bits > 0) {
      const auto group = integer_of(settings, "group_size");
      return group > 0 ? fmt::format("{}-bit, group {}", bits, group) : fmt::format("{}-bit", bits);
    }
  }
  for (const json::object* level : {&config, &text_config(config)})
    for (const std::string_view key : {"torch_dtype", "dtype"})
      if (const auto type = text_of(*level, key); !type.empty()) return std::string(type);
  return {};
}

/// Whether there is such a file; what cannot be looked at counts as absent.
bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

/// Names the first file of the index that should be there and is not.
std::string index_fault(const fs::path& folder, const fs::path& index_file) {
  const auto index = read_object(index_file);
  if (!index) return index.error().message;
  const std::string name = index_file.filename().string();
  const auto* map = index->if_contains("weight_map");
  if (!map || !map->is_object() || map->get_object().empty())
    return fmt::format("{} has no weight_map", name);
  std::set<std::string> files;
  for (const auto& member : map->get_object()) {
    if (!member.value().is_string())
      return fmt::format("{}: weight_map.{} must be the name of a file", name,
                         std::string_view(member.key()));
    files.emplace(member.value().get_string());
  }
  for (const std::string& file : files)
    if (!is_file(folder / file)) return fmt::format("{} is missing", file);
  return {};
}

/// What is wrong with the weight files, as far as their names tell.
std::string weight_fault(const fs::path& folder) {
  const fs::path index_file = folder / "model.safetensors.index.json";
  if (is_file(index_file)) return index_fault(folder, index_file);
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (at->path().extension() == ".safetensors") {
      if (is_file(at->path())) return {};
      return fmt::format("{} cannot be read", at->path().filename().string());
    }
  return "there are no safetensors files in the folder";
}

/// What can be read of a model without loading it; zeros where the headers are damaged, which
/// check_model() tells.
void read_needs(ModelEntry& entry, const json::object& config) {
  const MemoryNeed need = memory_need(config);
  entry.kv_bytes_per_token = need.kv_bytes_per_token;
  entry.kv_window_bytes = need.kv_window_bytes;
  entry.workspace_bytes = need.workspace_bytes;
  if (const auto weights = weight_facts(entry.folder, config)) {
    entry.parameters = weights->parameters;
    entry.weight_bytes = weights->bytes;
  }
}

void read_abilities(ModelEntry& entry, const json::object& config) {
  const std::string chat = template_text(entry.folder);
  entry.kind = model_kind(config, has_pooling(entry.folder), entry.id);
  entry.thinking = chat.contains("enable_thinking");
  entry.tools = chat.contains("tools");
  entry.vision = entry.kind == "vision";
  entry.licence = licence_of(entry.folder);
  entry.unsupported = packing_fault(config);
}

constexpr std::string_view kStampForm = "1";  // grows when other facts are read

}  // namespace

FolderStamp stamp_folder(const fs::path& folder) {
  FolderStamp found;
  std::vector<std::string> lines;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    std::error_code unreadable;
    if (!at->is_regular_file(unreadable)) continue;
    const auto bytes = at->file_size(unreadable);
    const auto written = at->last_write_time(unreadable);
    if (unreadable) continue;
    found.bytes += bytes;
    const auto when = std::chrono::file_clock::to_sys(written).time_since_epoch();
    found.modified = std::max<std::int64_t>(
        found.modified, std::chrono::duration_cast<std::chrono::seconds>(when).count());
    lines.push_back(fmt::format("{} {} {}\n", at->path().string(), bytes, when.count()));
  }
  std::ranges::sort(lines);
  base::Sha256 hash;
  hash.add(kStampForm);
  for (const std::string& line : lines) hash.add(line);
  found.stamp = hash.hex();
  return found;
}

Result<ModelEntry> read_model_folder(const fs::path& folder, std::string id) {
  return read_model_folder(folder, std::move(id), stamp_folder(folder));
}

Result<ModelEntry> read_model_folder(const fs::path& folder, std::string id,
                                     const FolderStamp& files) {
  if (!is_file(folder / "config.json"))
    return fail(ErrorCode::NotFound, "{} holds no model: there is no config.json in it",
                folder.string());
  ModelEntry entry{.id = std::move(id), .aliases = {}, .folder = folder};
  entry.bytes = files.bytes;
  entry.modified = files.modified;
  const auto config = read_object(folder / "config.json");
  if (!config) {
    entry.fault = config.error().message;
    return entry;
  }
  entry.architecture = text_of(*config, "model_type");
  entry.quantisation = quantisation_of(*config);
  entry.context_length = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(integer_of(text_config(*config), "max_position_embeddings"), 0,
                               std::numeric_limits<std::uint32_t>::max()));
  read_abilities(entry, *config);
  read_needs(entry, *config);
  entry.fault =
      entry.architecture.empty() ? "config.json names no model_type" : weight_fault(folder);
  return entry;
}

std::string write_facts(const ModelEntry& entry) {
  return base::write_json(json::value_from(entry));
}

Result<ModelEntry> read_facts(const std::string& text) {
  const auto document = base::parse_json(text);
  if (document)
    if (auto entry = base::decode<ModelEntry>(*document)) return entry;
  return fail(ErrorCode::CorruptData, "the index has facts of another form");
}

}  // namespace hearth::services
