// Settings of models: kept, shared by programs, and clear about what they cannot be.
#include "services/shelf/shelf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/temp_folder.h"
#include "store/model_settings.h"

namespace hearth::services {
namespace {

TEST(Shelf, KeepsWhatWasSaid) {
  const base::testing::TempFolder folder;
  const auto file = folder.path() / "hearth.db";
  {
    const auto database = *store::Database::open(file);
    Shelf shelf(database.get());
    EXPECT_FALSE(shelf.of("org/a").favourite);
    ASSERT_TRUE(shelf.change("org/a", [](ModelSettings& settings) { settings.favourite = true; }));
    const auto changed = shelf.change("org/a", [](ModelSettings& settings) {
      settings.note = "for poems";
      settings.preset.temperature = 1.2;
    });
    ASSERT_TRUE(changed);
    EXPECT_TRUE(changed->favourite) << "the change before counts";
    EXPECT_EQ(shelf.of("org/a").note, "for poems") << "at once";
  }
  const auto database = *store::Database::open(file);
  const Shelf shelf(database.get());
  EXPECT_EQ(
      base::write_json(describe("org/a", shelf.of("org/a"))),
      R"({"model":"org/a","favourite":true,"note":"for poems","preset":{"temperature":1.2}})");
  EXPECT_EQ(shelf.all().size(), 1U);
}

TEST(Shelf, AnotherProgramsChangeIsNotOverwritten) {
  const base::testing::TempFolder folder;
  const auto one = *store::Database::open(folder.path() / "hearth.db");
  const auto two = *store::Database::open(folder.path() / "hearth.db");
  Shelf mine(one.get());
  Shelf theirs(two.get());
  EXPECT_EQ(mine.of("org/a").note, "");
  ASSERT_TRUE(theirs.change("org/a", [](ModelSettings& settings) { settings.note = "theirs"; }));
  ASSERT_TRUE(mine.change("org/a", [](ModelSettings& settings) { settings.favourite = true; }));
  EXPECT_EQ(mine.of("org/a").note, "theirs");
}

TEST(Shelf, RefusesWhatCannotBeKept) {
  const auto database = *store::Database::in_memory();
  Shelf shelf(database.get());
  const auto longer = [](ModelSettings& settings) { settings.note = std::string(10'001, 'x'); };
  EXPECT_EQ(shelf.change("a", longer).error().code, ErrorCode::InvalidArgument);
  Shelf nowhere(nullptr);
  EXPECT_EQ(nowhere.change("a", [](ModelSettings&) {}).error().code, ErrorCode::Io);
  EXPECT_EQ(nowhere.of("a").note, "");
}

TEST(Shelf, APresetThatMakesNoSenseIsNamed) {
  const auto database = *store::Database::in_memory();
  ASSERT_TRUE(store::ModelSettings(*database).put("org/a", {.preset = R"({"top_k":"x"})"}));
  Shelf shelf(database.get());
  EXPECT_EQ(shelf.of("org/a").preset, Preset());
  const auto changed = shelf.change("org/a", [](ModelSettings&) {});
  ASSERT_FALSE(changed);
  EXPECT_THAT(changed.error().message, ::testing::HasSubstr("org/a"));
}

}  // namespace
}  // namespace hearth::services
