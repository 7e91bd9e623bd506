// Flags from the table of settings.
#include "cli/setting_flags.h"

#include <algorithm>

#include "platform/paths.h"
#include "services/settings/load.h"
#include "store/database.h"
#include "store/kept_settings.h"

namespace hearth::cli {
namespace {

using services::Setting;

std::string help_of(const Setting& setting) {
  std::string text(setting.help);
  if (const std::string value = services::value_text(setting); !value.empty())
    text += fmt::format(" [{}]", value);
  return text;
}

constexpr int kMostWords = 64;

bool has_words(const CLI::App& verb) {
  const auto options = verb.get_options();
  return std::ranges::any_of(options,
                             [](const CLI::Option* option) { return option->get_positional(); });
}

void add_flag(CLI::App& verb, const Setting& setting, const std::shared_ptr<GivenFlags>& given) {
  const std::string flag(setting.flag);
  const std::string dashed = "--" + flag;
  if (bool* const* target = std::get_if<bool*>(&setting.target)) {
    const std::string names = **target ? dashed + ",!--no-" + flag : dashed;
    verb.add_flag_function(
            names,
            [given, flag](std::int64_t count) { (*given)[flag] = {count > 0 ? "true" : "false"}; },
            help_of(setting))
        ->group("Settings");
    return;
  }
  CLI::Option* option = verb.add_option_function<std::vector<std::string>>(
      dashed, [given, flag](const std::vector<std::string>& values) { (*given)[flag] = values; },
      help_of(setting));
  option->type_name(std::holds_alternative<int*>(setting.target) ? "NUMBER" : "TEXT")
      ->group("Settings");
  const bool list = std::holds_alternative<std::vector<std::string>*>(setting.target);
  // Where the verb has words of its own a list takes one word at a time: the next may be the
  // prompt.
  if (list && !has_words(verb))
    option->expected(1, kMostWords);
  else
    option->expected(1)->allow_extra_args(false);
  if (list) option->take_all();
}

using Kept = std::map<std::string, std::string>;

/// Nothing where there is no database, or none that can be read: whoever needs it tells why.
Kept kept_settings() {
  const auto file = platform::hearth_home() / store::kDatabaseFile;
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return {};
  const auto database = store::Database::open(file);
  if (!database) return {};
  return store::KeptSettings(**database).all().value_or(Kept());
}

Result<services::Settings> load(const GivenFlags& flags, Kept kept) {
  return services::load_settings(
      {.config_file = platform::hearth_home() / "config.toml",
       .kept = std::move(kept),
       .environment = [](const std::string& name) { return platform::environment(name.c_str()); },
       .flags = flags});
}

}  // namespace

std::shared_ptr<GivenFlags> add_setting_flags(CLI::App& verb,
                                              const std::vector<std::string_view>& groups) {
  auto given = std::make_shared<GivenFlags>();
  services::Settings defaults;
  for (const Setting& setting : defaults.fields())
    if (std::any_of(groups.begin(), groups.end(),
                    [&](auto group) { return setting.key.starts_with(group); }))
      add_flag(verb, setting, given);
  return given;
}

Result<services::Settings> settings_from(const GivenFlags& flags) {
  return load(flags, kept_settings());
}

Result<services::Settings> configured_settings(const GivenFlags& flags) {
  return load(flags, {});
}

}  // namespace hearth::cli
