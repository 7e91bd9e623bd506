// Rows of models, aliases, settings and the pool: what goes in comes out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/aliases.h"
#include "store/kept_settings.h"
#include "store/model_index.h"
#include "store/model_settings.h"
#include "store/pool_models.h"
#include "store/secrets.h"

namespace hearth::store {
namespace {

TEST(ModelIndex, ReplacesAndDropsRows) {
  const auto database = *Database::in_memory();
  ModelIndex index(*database);
  ASSERT_TRUE(index.update({{"/a", {"1", "{}"}}, {"/b", {"1", "{}"}}}, {}));
  ASSERT_TRUE(index.update({{"/a", {"2", "{\"x\":1}"}}}, {"/b"}));
  const auto all = *index.all();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all.at("/a").stamp, "2");
  EXPECT_EQ(all.at("/a").facts, "{\"x\":1}");
}

TEST(Aliases, AreUniqueWithoutRegardToCase) {
  const auto database = *Database::in_memory();
  Aliases aliases(*database);
  ASSERT_TRUE(aliases.put({.alias = "Fast", .model = "org/a"}));
  ASSERT_TRUE(aliases.put({.alias = "fast", .model = "org/b"}));
  const auto list = *aliases.list();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list.front().model, "org/b");
  EXPECT_TRUE(*aliases.remove("FAST"));
  EXPECT_FALSE(*aliases.remove("fast"));
}

TEST(ModelSettings, KeepWhatWasSaidAndForgetWhatSaysNothing) {
  const auto database = *Database::in_memory();
  ModelSettings settings(*database);
  const ModelSettingsRow said{.favourite = true, .note = "gut für Gedichte", .preset = "{\"a\":1}"};
  ASSERT_TRUE(settings.put("org/a", said));
  ASSERT_TRUE(settings.put("org/b", {.note = "x"}));
  EXPECT_EQ(settings.all()->at("org/a"), said);
  ASSERT_TRUE(settings.put("org/b", {}));
  EXPECT_EQ(settings.all()->size(), 1U);
  ASSERT_TRUE(settings.change("org/a", [](ModelSettingsRow& row) -> Result<void> {
    row.note += "!";
    return {};
  }));
  EXPECT_EQ(settings.all()->at("org/a").note, said.note + "!");
  EXPECT_FALSE(settings.change("org/a", [](ModelSettingsRow& row) -> Result<void> {
    row = {};
    return fail(ErrorCode::InvalidArgument, "no");
  }));
  EXPECT_TRUE(settings.all()->at("org/a").favourite) << "nothing was changed";
}

TEST(KeptSettings, AreReplacedAndForgotten) {
  const auto database = *Database::in_memory();
  KeptSettings settings(*database);
  ASSERT_TRUE(settings.change({{"pool.memory", "50%"}, {"pool.keep_alive", "60"}}));
  ASSERT_TRUE(settings.change(
      {{"pool.memory", "12GB"}, {"pool.keep_alive", std::nullopt}, {"pool.other", std::nullopt}}));
  EXPECT_THAT(*settings.all(), ::testing::ElementsAre(::testing::Pair("pool.memory", "12GB")));
}

TEST(Secrets, HoldAnyBytes) {
  const auto database = *Database::in_memory();
  Secrets secrets(*database);
  const std::string sealed("\0\xff\1'x", 5);
  ASSERT_TRUE(secrets.put("hub", "old"));
  ASSERT_TRUE(secrets.put("hub", sealed));
  EXPECT_EQ(secrets.find("hub")->value(), sealed);
  EXPECT_FALSE(secrets.find("other")->has_value());
  EXPECT_TRUE(*secrets.remove("hub"));
  EXPECT_FALSE(*secrets.remove("hub"));
}

TEST(PoolModels, GoInAndComeOut) {
  const auto database = *Database::in_memory();
  PoolModels models(*database);
  const PoolModel first{.model = "org/a",
                        .pinned = true,
                        .stamp = "12:34",
                        .base_bytes = 5'000'000'000,
                        .peak_bytes = 6'000'000'000};
  ASSERT_TRUE(models.put(first));
  ASSERT_TRUE(models.put({.model = "org/b"}));
  ASSERT_TRUE(models.put({.model = "org/b", .preload = true}));
  const auto list = *models.list();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0], first);
  EXPECT_TRUE(list[1].preload);
  EXPECT_FALSE(list[1].pinned);
}

}  // namespace
}  // namespace hearth::store
