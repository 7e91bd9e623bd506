// Presets: those that come along, and people's own.
#include "services/conversions/conversion_presets.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::services {
namespace {

using ::testing::HasSubstr;

struct PresetsWorld {
  std::unique_ptr<store::Database> database = *store::Database::in_memory();
  ConversionPresets presets{database.get()};
};

TEST(ConversionPresets, BuiltInOnesMakeSense) {
  for (const ConversionPreset& preset : built_in_presets()) {
    EXPECT_TRUE(check_conversion_options(preset.options)) << preset.name;
    EXPECT_TRUE(read_conversion_options(write_conversion_options(preset.options))) << preset.name;
    EXPECT_FALSE(preset.description.empty());
  }
  const PresetsWorld world;
  EXPECT_EQ(world.presets.find("8BIT")->options.bits, 8);
  EXPECT_EQ(ConversionPresets(nullptr).find("bf16")->options.dtype, "bfloat16");
}

TEST(ConversionPresets, OwnOnesAreKeptReplacedAndRemoved) {
  PresetsWorld world;
  ASSERT_TRUE(world.presets.put(
      {.name = "phone", .description = "for the phone", .options = {.bits = 3, .group = 32}}));
  ASSERT_TRUE(world.presets.put({.name = "Phone", .description = {}, .options = {.bits = 2}}));
  EXPECT_EQ(world.presets.list()->size(), built_in_presets().size() + 1);
  EXPECT_EQ(world.presets.find("phone")->options, (ConversionOptions{.bits = 2}));
  EXPECT_FALSE(world.presets.find("phone")->built_in);
  ASSERT_TRUE(world.presets.remove("PHONE"));
  EXPECT_EQ(world.presets.remove("phone").error().code, ErrorCode::NotFound);
}

TEST(ConversionPresets, RefuseWhatCannotBeOne) {
  PresetsWorld world;
  EXPECT_THAT(world.presets.put({.name = "4Bit", .description = {}, .options = {.bits = 3}})
                  .error()
                  .message,
              HasSubstr("comes with Hearth"));
  EXPECT_FALSE(world.presets.put({.name = "", .description = {}, .options = {}}));
  EXPECT_FALSE(world.presets.put({.name = "a b", .description = {}, .options = {}}));
  EXPECT_FALSE(world.presets.put(
      {.name = "a", .description = {}, .options = {.bits = 4, .recipe = "mixed_4_6"}}));
  EXPECT_EQ(world.presets.remove("4bit").error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(
      ConversionPresets(nullptr).put({.name = "a", .description = {}, .options = {}}).error().code,
      ErrorCode::Io);
  EXPECT_THAT(world.presets.find("nothing").error().message, HasSubstr("4bit, 8bit"));
}

}  // namespace
}  // namespace hearth::services
