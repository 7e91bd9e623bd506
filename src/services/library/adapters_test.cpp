// The form of the setting, and the table.
#include "services/library/adapters.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/testing/temp_folder.h"

namespace hearth::services {
namespace {

namespace fs = std::filesystem;

TEST(ParseAdapter, ReadsBothForms) {
  const auto plain = parse_adapter("poet=/adapters/a=b:c");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->model, "");
  EXPECT_EQ(plain->name, "poet");
  EXPECT_EQ(plain->folder, "/adapters/a=b:c");
  const auto full = parse_adapter("org/qwen3:4b:poet=folder");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->model, "org/qwen3:4b");
  EXPECT_EQ(full->name, "poet");
}

TEST(ParseAdapter, RefusesWhatIsNeitherWithTheForm) {
  for (const auto* text : {"", "poet", "=folder", "poet=", "model:=folder", ":poet=folder"}) {
    const auto parsed = parse_adapter(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_THAT(parsed.error().message, ::testing::HasSubstr("MODEL:NAME=FOLDER"));
  }
}

class Table : public ::testing::Test {
 protected:
  Result<void> add(const std::string& model, const std::string& name) {
    const fs::path folder = folder_.path() / name;
    fs::create_directories(folder);
    std::ofstream(folder / "adapter_config.json") << "{}";
    return adapters_.add({.model = model, .name = name, .folder = folder});
  }

  testing::TempFolder folder_;
  Adapters adapters_;
};

TEST_F(Table, AModelHasItsOwnInTheirOrder) {
  ASSERT_TRUE(add("m", "z") && add("other", "z") && add("m", "a"));
  const auto own = adapters_.of("m");
  ASSERT_EQ(own.size(), 2U);
  EXPECT_EQ(own[0].name, "z");
  EXPECT_EQ(own[1].name, "a");
  EXPECT_TRUE(adapters_.of("nobody").empty());
}

TEST_F(Table, RefusesASecondOfTheSameNameAndAFolderWithoutAnAdapter) {
  ASSERT_TRUE(add("m", "a"));
  EXPECT_THAT(add("m", "a").error().message, ::testing::HasSubstr("two adapters"));
  const auto missing = adapters_.add({.model = "m", .name = "b", .folder = folder_.path() / "b"});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
}

TEST_F(Table, ScalesReplaceOneAnotherAndWrongOnesChangeNothing) {
  ASSERT_TRUE(add("m", "a") && add("m", "b") && add("other", "c"));
  ASSERT_TRUE(adapters_.set_scales("m", {{1, 0.5}}));
  EXPECT_EQ(adapters_.of("m")[1].scale, 0.5);
  EXPECT_FALSE(adapters_.set_scales("m", {{0, 1.0}, {2, 1.0}}));
  EXPECT_EQ(adapters_.of("m")[0].scale, 0);
  ASSERT_TRUE(adapters_.set_scales("m", {{0, 2.0}}));
  EXPECT_EQ(adapters_.of("m")[0].scale, 2);
  EXPECT_EQ(adapters_.of("m")[1].scale, 0);
  EXPECT_EQ(adapters_.of("other")[0].scale, 0);
}

}  // namespace
}  // namespace hearth::services
