// Which source wins, what is refused, and how the refusal names its source.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "services/settings/load.h"
#include "services/testing/temp_folder.h"

namespace hearth::services {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Sources {
  std::string file = {};
  std::map<std::string, std::string> kept = {};
  std::map<std::string, std::string> environment = {};
  std::map<std::string, std::vector<std::string>> flags = {};
};

const testing::TempFolder& folder() {
  static const testing::TempFolder instance;
  return instance;
}

Result<Settings> load(const Sources& sources) {
  return load_settings({.config_file = folder().write("config.toml", sources.file),
                        .kept = sources.kept,
                        .environment =
                            [&](const std::string& name) {
                              const auto found = sources.environment.find(name);
                              return found == sources.environment.end() ? "" : found->second;
                            },
                        .flags = sources.flags});
}

std::string refusal(const Sources& sources) {
  const auto loaded = load(sources);
  return loaded ? "" : loaded.error().message;
}

std::string in_file(const std::string& rest) {
  return (folder().path() / "config.toml").string() + rest;
}

TEST(Settings, DefaultsServeThisMachineAlone) {
  const auto settings = load({});
  ASSERT_TRUE(settings.has_value());
  EXPECT_EQ(settings->host, "127.0.0.1");
  EXPECT_EQ(settings->port, 8000);
  EXPECT_FALSE(settings->allow_remote);
}

TEST(Settings, AMissingFileIsFine) {
  const auto settings = load_settings({.config_file = "/nowhere/config.toml",
                                       .environment = [](const std::string&) { return ""; },
                                       .flags = {}});
  EXPECT_TRUE(settings.has_value());
}

TEST(Settings, WhatWasChangedWhileAServerRanWinsOverTheFileAlone) {
  Sources sources{
      .file = "[pool]\nmemory = \"10%\"\nmax_loaded = 3\nkeep_alive = \"1m\"\n",
      .kept = {{"pool.memory", "20%"}, {"pool.max_loaded", "5"}, {"pool.eviction", "lfu"}},
      .environment = {{"HEARTH_MEMORY", "30%"}},
      .flags = {{"max-loaded", {"6"}}}};
  const auto settings = load(sources);
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->memory, "30%");
  EXPECT_EQ(settings->max_loaded, 6);
  EXPECT_EQ(settings->eviction, "lfu");
  EXPECT_EQ(settings->keep_alive, "1m");
}

TEST(Settings, WhatWasChangedAndMakesNoSenseAnyMoreDoesNotCount) {
  const auto settings = load({.kept = {{"pool.eviction", "fifo"}, {"pool.colour", "red"}}});
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->eviction, "lru");
}

TEST(Settings, FlagWinsOverEnvironmentOverFileOverDefault) {
  Sources sources{.file = "[server]\nport = 1\nio_threads = 3\ndrain_s = 4\n",
                  .environment = {{"HEARTH_PORT", "2"}, {"HEARTH_IO_THREADS", "5"}},
                  .flags = {{"port", {"6"}}}};
  const auto settings = load(sources);
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->port, 6);
  EXPECT_EQ(settings->io_threads, 5);
  EXPECT_EQ(settings->drain_s, 4);
  EXPECT_EQ(settings->heartbeat_s, 10);
}

TEST(Settings, EveryKindCanStandInTheFile) {
  const auto settings = load({.file = R"(
log.level = "debug"
[server]
allow_remote = true
allowed_hosts = ["a.example", "b.example"]
[models]
folders = "/one/place,with comma"
)"});
  ASSERT_TRUE(settings.has_value()) << settings.error().message;
  EXPECT_EQ(settings->log_level, "debug");
  EXPECT_TRUE(settings->allow_remote);
  EXPECT_THAT(settings->allowed_hosts, ElementsAre("a.example", "b.example"));
  EXPECT_THAT(settings->model_folders, ElementsAre("/one/place,with comma"));
}

TEST(Settings, ListsReplaceListsOfWeakerSources) {
  const auto from_variable =
      load({.file = "[models]\nserve = [\"a\"]\n", .environment = {{"HEARTH_MODEL", "b,,c"}}});
  EXPECT_THAT(from_variable->models, ElementsAre("b", "c"));
  const auto from_flag =
      load({.environment = {{"HEARTH_MODEL", "b,c"}}, .flags = {{"model", {"d", "e,f"}}}});
  EXPECT_THAT(from_flag->models, ElementsAre("d", "e,f"));
}

TEST(Settings, AnEmptyVariableIsNotSet) {
  EXPECT_EQ(load({.environment = {{"HEARTH_HOST", ""}}})->host, "127.0.0.1");
}

TEST(Settings, AWrongValueInTheFileIsNamedByLineAndColumn) {
  EXPECT_EQ(refusal({.file = "[server]\nport = 70000\n"}),
            in_file(":2:8: server.port must be a whole number from 0 to 65535, not \"70000\""));
  EXPECT_EQ(refusal({.file = "[server]\n\nport = \"8000\"\n"}),
            in_file(":3:8: server.port must be a whole number"));
  EXPECT_EQ(refusal({.file = "server.host = 5\n"}),
            in_file(":1:15: server.host must be a text in quotes"));
  EXPECT_EQ(refusal({.file = "server.allow_remote = \"yes\"\n"}),
            in_file(":1:23: server.allow_remote must be true or false"));
  EXPECT_EQ(refusal({.file = "models.serve = [1]\n"}),
            in_file(":1:16: models.serve must be a text or a list of texts"));
}

TEST(Settings, AnUnknownKeyIsRefusedWithTheNearestOne) {
  EXPECT_EQ(refusal({.file = "[server]\nprot = 1\n"}),
            in_file(":2:8: there is no setting \"server.prot\" (did you mean \"server.port\" or "
                    "\"server.host\"?)"));
  EXPECT_THAT(refusal({.file = "server = 1\n"}), HasSubstr("there is no setting \"server\""));
}

TEST(Settings, BrokenTomlIsNamedByItsPlace) {
  EXPECT_THAT(refusal({.file = "[server]\nport = = 1\n"}), HasSubstr(in_file(":2:")));
}

TEST(Settings, AFolderInPlaceOfTheFileIsRefused) {
  const auto loaded = load_settings({.config_file = folder().path(),
                                     .environment = [](const std::string&) { return ""; },
                                     .flags = {}});
  ASSERT_FALSE(loaded.has_value());
  EXPECT_THAT(loaded.error().message, HasSubstr("is a folder"));
}

TEST(Settings, AWrongVariableOrFlagIsNamed) {
  EXPECT_EQ(refusal({.environment = {{"HEARTH_PORT", "http"}}}),
            "HEARTH_PORT: server.port must be a whole number from 0 to 65535, not \"http\"");
  EXPECT_EQ(refusal({.environment = {{"HEARTH_ALLOW_REMOTE", "maybe"}}}),
            "HEARTH_ALLOW_REMOTE: server.allow_remote must be true or false, not \"maybe\"");
  EXPECT_EQ(refusal({.flags = {{"log-level", {"loud"}}}}),
            "--log-level: log.level must be one of debug, info, warn, error, off, not \"loud\"");
  EXPECT_EQ(refusal({.flags = {{"port", {"1", "2"}}}}),
            "--port: server.port takes one value, not 2");
}

TEST(Settings, NumbersMustBeWholeAndInRange) {
  for (const char* text : {"0", "65535"})
    EXPECT_THAT(refusal({.flags = {{"port", {text}}}}), IsEmpty()) << text;
  for (const char* text : {"-1", "65536", "1.5", "1x", " 1", "", "99999999999999999999"})
    EXPECT_THAT(refusal({.flags = {{"port", {text}}}}), HasSubstr("whole number")) << text;
}

TEST(Settings, WordsForTrueAndFalse) {
  for (const char* text : {"true", "1", "yes", "on"})
    EXPECT_TRUE(load({.environment = {{"HEARTH_ALLOW_REMOTE", text}}})->allow_remote) << text;
  for (const char* text : {"false", "0", "no", "off"})
    EXPECT_FALSE(load({.environment = {{"HEARTH_ALLOW_REMOTE", text}}})->allow_remote) << text;
}

TEST(Settings, EveryDeclarationIsWholeAndItsDefaultIsAllowed) {
  Settings settings;
  std::set<std::string_view> keys, flags;
  for (const Setting& setting : settings.fields()) {
    EXPECT_TRUE(keys.insert(setting.key).second) << setting.key;
    EXPECT_TRUE(flags.insert(setting.flag).second) << setting.flag;
    EXPECT_FALSE(setting.help.empty()) << setting.key;
    const auto result = assign(setting, std::string_view(value_text(setting)));
    EXPECT_TRUE(result.has_value()) << setting.key;
  }
  EXPECT_EQ(environment_name(settings.fields().front()), "HEARTH_HOST");
}

}  // namespace
}  // namespace hearth::services
