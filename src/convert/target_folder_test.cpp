// What is left of conversions that nobody wants any more.
#include "convert/target_folder.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/temp_folder.h"
#include "convert/consumed_source.h"

namespace hearth::convert {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

struct World {
  base::testing::TempFolder folder;
  fs::path target = folder.path() / "made";
  fs::path hidden = TargetFolder::hidden_place(target);
};

TEST(TargetFolder, WhatIsLeftGoes) {
  const World world;
  {
    const auto begun = TargetFolder::open(world.target);
  }
  std::ofstream(world.hidden / "model.safetensors") << "half";
  ASSERT_TRUE(TargetFolder::discard(world.target));
  EXPECT_FALSE(fs::exists(world.hidden));
  EXPECT_TRUE(TargetFolder::discard(world.target)) << "nothing is there, which is fine";
}

TEST(TargetFolder, WhatSomebodyIsAtStays) {
  const World world;
  const auto begun = TargetFolder::open(world.target);
  ASSERT_TRUE(begun);
  const auto refused = TargetFolder::discard(world.target);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Overloaded);
  EXPECT_TRUE(fs::exists(world.hidden));
}

TEST(TargetFolder, WhatReplacesAPartOfItsSourceStays) {
  const World world;
  const std::string_view header("\x02\0\0\0\0\0\0\0{}", 10);
  const fs::path weights = world.folder.write("source/model.safetensors", header);
  {
    const auto begun = TargetFolder::open(world.target);
  }
  const auto consumed = ConsumedSource::open(weights.parent_path(), world.hidden);
  ASSERT_TRUE(consumed) << consumed.error().message;
  ASSERT_TRUE(consumed->consume("model.safetensors"));
  const auto refused = TargetFolder::discard(world.target);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("weight files that are gone"));
  EXPECT_TRUE(fs::exists(world.hidden));
}

}  // namespace
}  // namespace hearth::convert
