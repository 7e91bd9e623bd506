// Finding models in folders: the layouts, the order of places, and what is wrong with a model.
#include "services/library/library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/testing/temp_folder.h"

namespace hearth::services {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TempFolder;

struct Disk {
  TempFolder cache;
  TempFolder models;
  Library library{{.hub_cache = cache.path(), .plain = {models.path()}}};

  std::vector<std::string> ids() const {
    std::vector<std::string> all;
    for (const ModelEntry& entry : library.list()) all.push_back(entry.id);
    return all;
  }
  ModelEntry only() const {
    const auto entries = library.list();
    EXPECT_EQ(entries.size(), 1u);
    return entries.empty() ? ModelEntry{} : entries.front();
  }
};

TEST(Library, PlainFoldersHoldNamesOrOrganisations) {
  Disk disk;
  disk.models.add_model("solo");
  disk.models.add_model("org/name");
  disk.models.write("notes/readme.txt", "no model");
  disk.models.add_model(".half-here");
  EXPECT_THAT(disk.ids(), ElementsAre("org/name", "solo"));
}

TEST(Library, FoldersThatDoNotExistHoldNothing) {
  EXPECT_THAT(Library({.hub_cache = "/nowhere/hub", .plain = {"/nowhere/models"}}).list(),
              IsEmpty());
}

TEST(Library, TheHubCacheShowsTheSnapshotOfMain) {
  Disk disk;
  const fs::path repository = "models--Qwen--Qwen3-4B";
  disk.cache.add_model(repository / "snapshots/aaaa", R"({"model_type":"old"})");
  disk.cache.add_model(repository / "snapshots/bbbb", R"({"model_type":"new"})");
  disk.cache.write(repository / "refs/main", "aaaa");
  disk.cache.write("datasets--x--y/snapshots/cccc/config.json", "{}");
  EXPECT_EQ(disk.only().id, "Qwen/Qwen3-4B");
  EXPECT_EQ(disk.only().architecture, "old");
}

TEST(Library, WithoutARefTheNewestSnapshotIsShown) {
  Disk disk;
  const fs::path repository = "models--org--m";
  const auto old = disk.cache.add_model(repository / "snapshots/bbbb", R"({"model_type":"old"})");
  disk.cache.add_model(repository / "snapshots/aaaa", R"({"model_type":"new"})");
  fs::last_write_time(old, fs::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_EQ(disk.only().architecture, "new");
  disk.cache.write(repository / "refs/main", "gone");
  EXPECT_EQ(disk.only().architecture, "new");
}

TEST(Library, ARepositoryWithoutASnapshotIsNoModel) {
  Disk disk;
  fs::create_directories(disk.cache.path() / "models--org--m" / "snapshots");
  EXPECT_THAT(disk.ids(), IsEmpty());
}

TEST(Library, SnapshotsMayBeLinksToBlobs) {
  Disk disk;
  const fs::path snapshot = disk.cache.path() / "models--org--m/snapshots/aaaa";
  fs::create_directories(snapshot);
  fs::create_symlink(disk.cache.write("models--org--m/blobs/1", TempFolder::kConfig),
                     snapshot / "config.json");
  fs::create_symlink(disk.cache.write("models--org--m/blobs/2", "12345"),
                     snapshot / "model.safetensors");
  EXPECT_THAT(disk.only().fault, IsEmpty());
  EXPECT_EQ(disk.only().bytes, TempFolder::kConfig.size() + 5);
}

TEST(Library, TheFirstPlaceWinsAndAddedFoldersComeFirst) {
  Disk disk;
  disk.cache.add_model("models--org--m/snapshots/aaaa", R"({"model_type":"cached"})");
  disk.models.add_model("org/m", R"({"model_type":"plain"})");
  EXPECT_EQ(disk.only().architecture, "plain");

  disk.models.add_model("m", R"({"model_type":"plain"})");
  TempFolder elsewhere;
  const auto added = disk.library.add_folder(elsewhere.add_model("m", R"({"model_type":"own"})"));
  ASSERT_TRUE(added.has_value());
  EXPECT_EQ(added->id, "m");
  EXPECT_EQ(disk.library.resolve("m")->architecture, "own");
  EXPECT_THAT(disk.ids(), ElementsAre("m", "org/m"));
}

TEST(Library, AddedFoldersAreKnownByTheirOwnNameAndOnce) {
  Disk disk;
  TempFolder elsewhere;
  const auto folder = elsewhere.add_model("hf-f32");
  ASSERT_TRUE(disk.library.add_folder(folder).has_value());
  ASSERT_TRUE(disk.library.add_folder(folder / "").has_value());
  EXPECT_EQ(disk.only().id, "hf-f32");
  EXPECT_EQ(disk.only().folder, fs::canonical(folder));
}

TEST(Library, AFolderWithoutAModelIsRefusedInWords) {
  Disk disk;
  const auto missing = disk.library.add_folder("/nowhere/at/all");
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("/nowhere/at/all"));
  const auto empty = disk.library.add_folder(disk.models.path());
  ASSERT_FALSE(empty.has_value());
  EXPECT_THAT(empty.error().message, HasSubstr("there is no config.json in it"));
}

TEST(Library, ANewModelIsFoundAtOnce) {
  Disk disk;
  disk.models.add_model("first");
  EXPECT_TRUE(disk.library.resolve("first").has_value());
  EXPECT_FALSE(disk.library.resolve("second").has_value());
  disk.models.add_model("second");
  EXPECT_TRUE(disk.library.resolve("second").has_value());
}

TEST(Library, TheDemoModelHasAShortName) {
  Disk disk;
  disk.models.add_model("hearth-demo");
  EXPECT_EQ(disk.library.resolve("demo")->id, "hearth-demo");
}

TEST(ModelEntry, TellsWhatTheConfigSays) {
  Disk disk;
  disk.models.add_model("m", R"({"model_type":"llama","max_position_embeddings":4096,
      "quantization":{"bits":4,"group_size":64},"torch_dtype":"bfloat16"})");
  const ModelEntry entry = disk.only();
  EXPECT_EQ(entry.architecture, "llama");
  EXPECT_EQ(entry.context_length, 4096u);
  EXPECT_EQ(entry.quantisation, "4-bit, group 64");
  EXPECT_GT(entry.modified, 1'600'000'000);
}

TEST(ModelEntry, TellsWhoCanThinkByTheChatTemplate) {
  Disk disk;
  disk.models.add_model("a");
  disk.models.write("a/chat_template.jinja", "{% if enable_thinking %}<think>{% endif %}");
  disk.models.add_model("b");
  disk.models.write("b/tokenizer_config.json", R"({"chat_template":"{{ enable_thinking }}"})");
  disk.models.add_model("c");
  const auto entries = disk.library.list();
  EXPECT_TRUE(entries.at(0).thinking);
  EXPECT_TRUE(entries.at(1).thinking);
  EXPECT_FALSE(entries.at(2).thinking);
}

TEST(ModelEntry, ReadsBothDialectsOfTheDataType) {
  Disk disk;
  disk.models.add_model("v4", R"({"model_type":"x","torch_dtype":"float16"})");
  disk.models.add_model("v5", R"({"model_type":"x","text_config":{"dtype":"bfloat16",
      "max_position_embeddings":99}})");
  const auto entries = disk.library.list();
  EXPECT_EQ(entries.at(0).quantisation, "float16");
  EXPECT_EQ(entries.at(1).quantisation, "bfloat16");
  EXPECT_EQ(entries.at(1).context_length, 99u);
}

struct Damage {
  std::string what;
  std::map<std::string, std::string> files;
  std::string fault;
};

class DamagedModel : public ::testing::TestWithParam<Damage> {};

TEST_P(DamagedModel, StaysInTheListWithItsFault) {
  Disk disk;
  for (const auto& [name, content] : GetParam().files)
    disk.models.write(fs::path("m") / name, content);
  EXPECT_THAT(disk.only().fault, HasSubstr(GetParam().fault));
}

const std::string kGood(TempFolder::kConfig);
const std::string kIndex = "model.safetensors.index.json";

INSTANTIATE_TEST_SUITE_P(
    Library, DamagedModel,
    ::testing::Values(
        Damage{"no_weights", {{"config.json", kGood}}, "no safetensors files"},
        Damage{"config_is_no_json", {{"config.json", "{"}}, "config.json: not valid JSON"},
        Damage{"config_is_a_list", {{"config.json", "[]"}}, "config.json: must hold an object"},
        Damage{"no_model_type", {{"config.json", "{}"}}, "names no model_type"},
        Damage{"shard_missing",
               {{"config.json", kGood},
                {"a.safetensors", "x"},
                {kIndex, R"({"weight_map":{"w":"a.safetensors","v":"b.safetensors"}})"}},
               "b.safetensors is missing"},
        Damage{"index_is_no_json",
               {{"config.json", kGood}, {"a.safetensors", "x"}, {kIndex, "nonsense"}},
               kIndex + ": not valid JSON"},
        Damage{"index_without_a_map",
               {{"config.json", kGood}, {"a.safetensors", "x"}, {kIndex, "{}"}},
               "has no weight_map"},
        Damage{"index_names_no_file",
               {{"config.json", kGood}, {kIndex, R"({"weight_map":{"w":5}})"}},
               "weight_map.w must be the name of a file"},
        Damage{"index_names_what_cannot_be",
               {{"config.json", kGood},
                {kIndex, R"({"weight_map":{"w":")" + std::string(5000, 'x') + R"("}})"}},
               "is missing"}),
    [](const auto& test) { return test.param.what; });

TEST(Library, LinksThatLeadInCirclesAreNoModels) {
  Disk disk;
  disk.models.add_model("good");
  fs::create_symlink("loop", disk.models.path() / "loop");
  fs::create_directories(disk.models.path() / "odd");
  fs::create_symlink("config.json", disk.models.path() / "odd/config.json");
  EXPECT_THAT(disk.ids(), ElementsAre("good"));
}

TEST(Library, WeightsThatAreADanglingLinkAreAFault) {
  Disk disk;
  disk.models.write("m/config.json", TempFolder::kConfig);
  fs::create_symlink("/nowhere/blob", disk.models.path() / "m/model.safetensors");
  EXPECT_THAT(disk.only().fault, HasSubstr("model.safetensors cannot be read"));
}

}  // namespace
}  // namespace hearth::services
