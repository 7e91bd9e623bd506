// Settings from config.toml, the environment and flags.
#include "services/settings/load.h"

#include <algorithm>
#include <optional>
#include <toml++/toml.h>

#include "base/log.h"
#include "services/near_names.h"

namespace hearth::services {
namespace {

namespace fs = std::filesystem;

std::string place(const fs::path& file, const toml::source_region& where) {
  return fmt::format("{}:{}:{}", file.string(), where.begin.line, where.begin.column);
}

/// What a setting's value looks like in the file, for errors.
std::string_view kind(const Setting& setting) {
  static constexpr std::string_view kKinds[] = {"true or false", "a whole number",
                                                "a text in quotes", "a text or a list of texts"};
  return kKinds[setting.target.index()];
}

/// A TOML value as the texts that assign() takes; nothing where its kind does not fit the setting.
std::optional<std::vector<std::string>> texts_of(const toml::node& node, const Setting& setting) {
  const bool list = std::holds_alternative<std::vector<std::string>*>(setting.target);
  std::vector<std::string> texts;
  if (const auto* flag = node.as_boolean(); flag && std::holds_alternative<bool*>(setting.target)) {
    texts.emplace_back(flag->get() ? "true" : "false");
  } else if (const auto* number = node.as_integer();
             number && std::holds_alternative<int*>(setting.target)) {
    texts.push_back(std::to_string(number->get()));
  } else if (const auto* text = node.as_string();
             text && (list || std::holds_alternative<std::string*>(setting.target))) {
    texts.push_back(text->get());
  } else if (const auto* items = node.as_array(); items && list) {
    for (const toml::node& item : *items) {
      if (!item.is_string()) return std::nullopt;
      texts.push_back(item.as_string()->get());
    }
  } else {
    return std::nullopt;
  }
  return texts;
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
    const auto texts = texts_of(node, *setting);
    if (!texts)
      return fail(ErrorCode::InvalidArgument, "{}: {} must be {}", where, key, kind(*setting));
    TRY_IN(where, assign(*setting, *texts));
    return {};
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

Result<void> read_config_file(const fs::path& file, const std::vector<Setting>& fields) {
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return {};
  if (fs::is_directory(file, ignored))
    return fail(ErrorCode::InvalidArgument, "{}: is a folder, not a file", file.string());
  try {
    return FileReader(file, fields).read_table(toml::parse_file(file.string()), "");
  } catch (const toml::parse_error& wrong) {
    return fail(ErrorCode::InvalidArgument, "{}: {}", place(file, wrong.source()),
                wrong.description());
  }
}

void read_kept(const std::map<std::string, std::string>& kept, const std::vector<Setting>& fields) {
  for (const auto& [key, text] : kept) {
    const auto field = std::ranges::find(fields, key, &Setting::key);
    if (field == fields.end())
      log_warn("settings",
               "{} was changed while a server ran, but there is no such setting: it does "
               "not count",
               key);
    else if (const auto read = assign(*field, std::string_view(text)); !read)
      log_warn("settings", "what {} was changed to while a server ran does not count: {}", key,
               read.error().message);
  }
}

}  // namespace

Result<Settings> load_settings(const SettingSources& sources) {
  Settings settings;
  const auto fields = settings.fields();
  TRY(read_config_file(sources.config_file, fields));
  read_kept(sources.kept, fields);
  for (const Setting& setting : fields) {
    const std::string variable = environment_name(setting);
    if (const std::string text = sources.environment(variable); !text.empty())
      TRY_IN(variable, assign(setting, std::string_view(text)));
    if (const auto flag = sources.flags.find(std::string(setting.flag));
        flag != sources.flags.end())
      TRY_IN(fmt::format("--{}", setting.flag), assign(setting, flag->second));
  }
  return settings;
}

}  // namespace hearth::services
