// Rows of conversions and their presets: what goes in comes out.
#include "store/conversions.h"

#include <gtest/gtest.h>

#include "store/conversion_presets.h"

namespace hearth::store {
namespace {

TEST(Conversions, GoInAndComeOutInTheirOrder) {
  const auto database = *Database::in_memory();
  Conversions table(*database);
  const ConversionRow row{.id = "a",
                          .model = "org/model",
                          .source = "/s p",
                          .target = "/t",
                          .preset = "4bit",
                          .options = R"({"bits":4})",
                          .replaces = true,
                          .memory_bytes = std::uint64_t{1} << 40,
                          .state = ConversionState::Failed,
                          .begun = true,
                          .place = 3,
                          .error_code = "io",
                          .error = "weiß nicht",
                          .result = "{}",
                          .created = 5,
                          .changed = 6};
  ASSERT_TRUE(table.put({row, {.id = "b", .place = 1}}));
  const auto rows = table.list();
  ASSERT_TRUE(rows) << rows.error().message;
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ(rows->front().id, "b");
  EXPECT_EQ(rows->front().options, "{}");
  const ConversionRow& read = rows->back();
  EXPECT_EQ(read.source, row.source);
  EXPECT_EQ(read.options, row.options);
  EXPECT_EQ(read.memory_bytes, row.memory_bytes);
  EXPECT_EQ(read.state, ConversionState::Failed);
  EXPECT_TRUE(read.replaces && read.begun);
  EXPECT_EQ(read.error, row.error);
  EXPECT_EQ(read.result, "{}");
  EXPECT_EQ(read.changed, 6);
  ASSERT_TRUE(table.remove("a"));
  EXPECT_EQ(table.list()->size(), 1U);
}

TEST(ConversionPresets, AreUniqueWithoutRegardToCase) {
  const auto database = *Database::in_memory();
  ConversionPresets table(*database);
  ASSERT_TRUE(table.put({.name = "Phone", .description = "old", .options = "{}"}));
  ASSERT_TRUE(table.put({.name = "phone", .description = "new", .options = R"({"bits":3})"}));
  const auto rows = table.list();
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front().description, "new");
  EXPECT_TRUE(*table.remove("PHONE"));
  EXPECT_FALSE(*table.remove("phone"));
}

}  // namespace
}  // namespace hearth::store
