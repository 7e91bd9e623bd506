// What the library reads of folders, and that it reads them once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/library/library.h"
#include "services/library/weight_facts.h"
#include "services/testing/temp_folder.h"
#include "store/aliases.h"
#include "store/model_index.h"

namespace hearth::services {
namespace {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A safetensors file of that header, with zeros behind it.
std::string safetensors(const std::string& header, std::size_t data) {
  std::string file(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) file[i] = static_cast<char>(header.size() >> (8 * i) & 0xff);
  return file + header + std::string(data, '\0');
}

TEST(WeightFacts, CountPackedWeightsUnpacked) {
  testing::TempFolder folder;
  // A layer of 8 by 64 in 4 bits (8 words of 8 each row), its scales, and a plain vector of 10.
  folder.write("model.safetensors",
               safetensors(R"({"a.weight":{"dtype":"U32","shape":[8,8],"data_offsets":[0,256]},)"
                           R"("a.scales":{"dtype":"F16","shape":[8,1],"data_offsets":[256,272]},)"
                           R"("b":{"dtype":"BF16","shape":[10],"data_offsets":[272,292]}})",
                           292));
  const auto facts =
      weight_facts(folder.path(), json::parse(R"({"quantization":{"bits":4}})").as_object());
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->parameters, 8U * 64 + 10);
  EXPECT_EQ(facts->bytes, 292U);
}

TEST(WeightFacts, DamagedFilesAreNamed) {
  testing::TempFolder folder;
  folder.write("cut.safetensors",
               safetensors(R"({"b":{"dtype":"BF16","shape":[10],"data_offsets":[0,20]}})", 7));
  const auto facts = weight_facts(folder.path(), {});
  ASSERT_FALSE(facts);
  EXPECT_THAT(facts.error().message, HasSubstr("cut.safetensors"));
}

struct IndexWorld {
  testing::TempFolder models;
  std::unique_ptr<store::Database> database = *store::Database::in_memory();
  /// As another process would see it.
  ModelEntry look(std::set<std::string, std::less<>> architectures = {}) const {
    const Library library({.hub_cache = {}, .plain = {models.path()}},
                          {.database = database.get(), .architectures = std::move(architectures)});
    const auto list = library.list();
    return list.empty() ? ModelEntry{} : list.front();
  }
};

TEST(LibraryIndex, WhatHasNotChangedIsNotReadAgain) {
  IndexWorld world;
  world.models.add_model("org/name");
  EXPECT_EQ(world.look().architecture, "qwen3");
  auto index = *store::ModelIndex(*world.database).all();
  ASSERT_EQ(index.size(), 1U);
  // The index is believed: what it says is what is told.
  auto& facts = index.begin()->second.facts;
  facts.replace(facts.find("qwen3"), 5, "told!");
  ASSERT_TRUE(store::ModelIndex(*world.database).update(index, {}));
  EXPECT_EQ(world.look().architecture, "told!");
  world.models.write("org/name/config.json", R"({"model_type":"llama"})");
  EXPECT_EQ(world.look().architecture, "llama") << "the folder has changed";
}

TEST(LibraryIndex, FactsOfAnotherVersionAreReadAnew) {
  IndexWorld world;
  world.models.add_model("org/name");
  world.look();
  auto index = *store::ModelIndex(*world.database).all();
  index.begin()->second.facts = R"({"architecture":"old"})";
  ASSERT_TRUE(store::ModelIndex(*world.database).update(index, {}));
  EXPECT_EQ(world.look().architecture, "qwen3");
}

TEST(LibraryIndex, FoldersThatAreGoneAreForgotten) {
  IndexWorld world;
  const auto folder = world.models.add_model("org/name");
  world.look();
  fs::remove_all(folder);
  EXPECT_EQ(world.look().id, "");
  EXPECT_THAT(*store::ModelIndex(*world.database).all(), IsEmpty());
}

TEST(LibraryIndex, AliasesAndFamiliesAreKnown) {
  IndexWorld world;
  world.models.add_model("org/name");
  ASSERT_TRUE(store::Aliases(*world.database).put({.alias = "fast", .model = "org/name"}));
  EXPECT_THAT(world.look().aliases, Contains("fast"));
  EXPECT_EQ(world.look({"qwen3"}).unsupported, "");
  EXPECT_THAT(world.look({"llama"}).unsupported, HasSubstr("qwen3"));
}

}  // namespace
}  // namespace hearth::services
