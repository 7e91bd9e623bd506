// Settings from config.toml, the environment and flags.
#include "services/settings/load.h"

#include <fmt/ranges.h>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "services/near_names.h"

namespace hearth::services {
namespace {

namespace fs = std::filesystem;

std::string place(const fs::path& file, const toml::source_region& where) {
  return fmt::format("{}:{}:{}", file.string(), where.begin.line, where.begin.column);
}

/// A TOML value as the text that assign() takes; nothing for tables and dates.
std::optional<std::string> as_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  const auto* list = node.as_array();
  if (!list) return std::nullopt;
  std::string joined;
  for (const toml::node& item : *list) {
    const auto text = as_text(item);
    if (!text) return std::nullopt;
    joined += (joined.empty() ? "" : ",") + *text;
  }
  return joined;
}

Result<void> assign_from(const std::string& source, const Setting& setting, std::string_view text) {
  auto result = assign(setting, text);
  if (!result) return fail_in(source, std::move(result).error());
  return {};
}

class FileReader {
 public:
  FileReader(const fs::path& file, const std::vector<Setting>& fields)
      : file_(file), fields_(fields) {}

  Result<void> read_table(const toml::table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) {
      const std::string path =
          prefix.empty() ? std::string(key.str()) : fmt::format("{}.{}", prefix, key.str());
      if (const auto* inner = node.as_table())
        TRY(read_table(*inner, path));
      else
        TRY(read_value(path, node));
    }
    return {};
  }

 private:
  Result<void> read_value(const std::string& key, const toml::node& node) {
    const std::string where = place(file_, node.source());
    const Setting* setting = find(key);
    if (!setting)
      return fail(ErrorCode::InvalidArgument, "{}: there is no setting \"{}\"{}", where, key,
                  did_you_mean(near_names(key, keys())));
    const auto text = as_text(node);
    if (!text)
      return fail(ErrorCode::InvalidArgument, "{}: {} cannot have this kind of value", where, key);
    return assign_from(where, *setting, *text);
  }

  const Setting* find(std::string_view key) const {
    for (const Setting& setting : fields_)
      if (setting.key == key) return &setting;
    return nullptr;
  }
  std::vector<std::string> keys() const {
    std::vector<std::string> all;
    for (const Setting& setting : fields_) all.emplace_back(setting.key);
    return all;
  }

  const fs::path& file_;
  const std::vector<Setting>& fields_;
};

Result<void> read_file(const fs::path& file, const std::vector<Setting>& fields) {
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return {};
  const toml::parse_result parsed = toml::parse_file(file.string());
  if (!parsed)
    return fail(ErrorCode::InvalidArgument, "{}: {}", place(file, parsed.error().source()),
                parsed.error().description());
  return FileReader(file, fields).read_table(parsed.table(), "");
}

}  // namespace

Result<Settings> load_settings(const SettingSources& sources) {
  Settings settings;
  const auto fields = settings.fields();
  TRY(read_file(sources.config_file, fields));
  for (const Setting& setting : fields) {
    const std::string variable = environment_name(setting);
    if (const std::string text = sources.environment(variable); !text.empty())
      TRY(assign_from(variable, setting, text));
    if (const auto flag = sources.flags.find(std::string(setting.flag));
        flag != sources.flags.end())
      TRY(assign_from(fmt::format("--{}", setting.flag), setting,
                      fmt::format("{}", fmt::join(flag->second, ","))));
  }
  return settings;
}

}  // namespace hearth::services
