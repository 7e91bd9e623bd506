// Config, card and tokenizer files.
#include "convert/model_files.h"

#include <algorithm>
#include <array>
#include <map>

#include "convert/pretty_json.h"
#include "nn/file.h"

namespace hearth::convert {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kJsonLimit = 64'000'000;

/// True where the value of an end token says something.
bool says(const json::value& value) {
  if (value.is_null()) return false;
  if (const auto* list = value.if_array()) return !list->empty();
  return !value.is_int64() || value.get_int64() != 0;
}

/// The lines between the card's first two "---".
std::vector<std::string> card_lines(std::string_view card) {
  std::vector<std::string> lines;
  if (!card.starts_with("---\n")) return lines;
  card.remove_prefix(4);
  while (!card.empty()) {
    const std::size_t end = std::min(card.find('\n'), card.size());
    const std::string_view line = card.substr(0, end);
    if (line.starts_with("---")) return lines;
    lines.emplace_back(line);
    card.remove_prefix(std::min(card.size(), end + 1));
  }
  return {};
}

/// True where the line goes on with what the one before began.
bool continues(const std::string& line) {
  return line.empty() || line.starts_with(' ') || line.starts_with('-') || line.starts_with('\t');
}

bool has_ending(const std::string& name, std::span<const std::string_view> endings) {
  return std::ranges::any_of(endings, [&](auto ending) { return name.ends_with(ending); });
}

/// Tags of a card: "- chat" lines below "tags:", or "tags: [a, b]" as it stands.
void take_tags(const std::vector<std::string>& block, std::vector<std::string>& tags) {
  for (std::size_t i = 1; i < block.size(); ++i) {
    const std::size_t dash = block[i].find("- ");
    if (dash != std::string::npos) tags.push_back(block[i].substr(dash + 2));
  }
  std::string list = block.front().substr(block.front().find(':') + 1);
  std::erase_if(list, [](char c) { return c == '[' || c == ']' || c == ' '; });
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (comma > 0) tags.push_back(list.substr(0, comma));
    list.erase(0, comma + 1);
  }
}

}  // namespace

Result<json::object> read_json_object(const fs::path& path) {
  const nn::File file = TRY(nn::File::open(path));
  const std::string text = TRY(file.text(kJsonLimit));
  auto parsed = base::parse_json(text);
  if (!parsed) return fail(ErrorCode::CorruptData, "{}: {}", file.name(), parsed.error().message);
  if (!parsed->is_object())
    return fail(ErrorCode::CorruptData, "{}: is no JSON object", file.name());
  return std::move(*parsed).as_object();
}

std::string config_text(json::object config, const json::object& generation,
                        const std::optional<json::object>& quantization) {
  for (const char* key : {"_name_or_path", "vision_config", "quantization", "quantization_config"})
    config.erase(key);
  if (json::value* text = config.if_contains("text_config"); text && text->is_object())
    text->get_object().erase("quantization_config");
  if (const json::value* ends = generation.if_contains("eos_token_id"); ends && says(*ends))
    config["eos_token_id"] = *ends;
  if (quantization) {
    config["quantization"] = *quantization;
    config["quantization_config"] = *quantization;
  }
  std::map<std::string, const json::value*> sorted;
  for (const auto& member : config) sorted[std::string(member.key())] = &member.value();
  json::object ordered;
  for (const auto& [key, value] : sorted) ordered[key] = *value;
  return pretty_json(ordered);
}

std::string card_text(std::string_view source_card, const std::string& base_model,
                      const std::string& how) {
  constexpr auto kOurs =
      std::to_array<std::string_view>({"library_name:", "pipeline_tag:", "base_model:", "tags:"});
  std::string text = "---\n";
  std::vector<std::string> tags;
  const auto lines = card_lines(source_card);
  for (std::size_t i = 0; i < lines.size();) {
    std::size_t end = i + 1;
    while (end < lines.size() && continues(lines[end])) ++end;
    const auto starts = [&](auto key) { return lines[i].starts_with(key); };
    if (lines[i].starts_with("tags:"))
      take_tags({lines.begin() + static_cast<std::ptrdiff_t>(i),
                 lines.begin() + static_cast<std::ptrdiff_t>(end)},
                tags);
    if (std::ranges::none_of(kOurs, starts))
      for (std::size_t line = i; line < end; ++line) text += lines[line] + "\n";
    i = end;
  }
  if (lines.empty()) text += "language: en\n";
  text += "library_name: mlx\npipeline_tag: text-generation\n";
  if (!base_model.empty()) text += "base_model: " + base_model + "\n";
  if (std::ranges::count(tags, "mlx") == 0) tags.emplace_back("mlx");
  text += "tags:\n";
  for (const std::string& tag : tags) text += "- " + tag + "\n";
  return text + "---\n\n" + how + "\n";
}

SideFiles side_files(const fs::path& folder) {
  constexpr auto kCopied = std::to_array<std::string_view>(
      {".json", ".jsonl", ".txt", ".jinja", ".model", ".tiktoken", ".py"});
  constexpr auto kMadeAnew =
      std::to_array<std::string_view>({"config.json", "model.safetensors.index.json", "README.md",
                                       "quality.json", "pytorch_model.bin.index.json"});
  SideFiles files;
  std::error_code error;
  for (const auto& item : fs::directory_iterator(folder, error)) {
    const std::string name = item.path().filename().string();
    if (!item.is_regular_file(error) || name.starts_with('.')) continue;
    if (name.ends_with(".safetensors") || std::ranges::count(kMadeAnew, name) > 0) continue;
    const bool licence = name.starts_with("LICENSE") || name.starts_with("NOTICE");
    (licence || has_ending(name, kCopied) ? files.copied : files.left).push_back(name);
  }
  std::ranges::sort(files.copied);
  std::ranges::sort(files.left);
  return files;
}

Result<void> copy_files(const fs::path& source, const fs::path& target,
                        const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    std::error_code error;
    fs::copy_file(fs::canonical(source / name, error), target / name,
                  fs::copy_options::overwrite_existing, error);
    if (!error)  // a source may be read-only, its copy belongs to the user
      fs::permissions(target / name, fs::perms::owner_write, fs::perm_options::add, error);
    if (error) return fail(ErrorCode::Io, "{}: cannot copy: {}", name, error.message());
  }
  return {};
}

}  // namespace hearth::convert
