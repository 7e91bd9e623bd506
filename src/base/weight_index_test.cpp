// Sound, wrong and damaged indexes.
#include "base/weight_index.h"

#include <gtest/gtest.h>

#include "base/testing/mutations.h"

namespace hearth::base {
namespace {

constexpr std::string_view kSound =
    R"({"metadata":{"total_size":8},"weight_map":{"a.weight":"model-1.safetensors",)"
    R"("b":"model-2.safetensors"}})";

TEST(WeightIndex, ReadsNamesAndFiles) {
  const auto map = parse_weight_index(kSound);
  ASSERT_TRUE(map) << map.error().message;
  EXPECT_EQ(*map, (WeightMap{{"a.weight", "model-1.safetensors"}, {"b", "model-2.safetensors"}}));
  EXPECT_TRUE(parse_weight_index(R"({"weight_map":{}})")->empty());
}

TEST(WeightIndex, RefusesWhatIsNone) {
  for (const std::string_view text : {"", "7", "[]", "{}", R"({"weight_map":[]})"})
    EXPECT_FALSE(parse_weight_index(text)) << text;
  for (const std::string_view file :
       {"7", "null", R"("")", R"("../a")", R"("/a")", R"("a/b")", R"("..")", R"("a\u0000b")"}) {
    const auto map = parse_weight_index(fmt::format(R"({{"weight_map":{{"t":{}}}}})", file));
    ASSERT_FALSE(map) << file;
    EXPECT_EQ(map.error().code, ErrorCode::CorruptData);
    EXPECT_NE(map.error().message.find("weight_map[\"t\"]"), std::string::npos);
  }
}

TEST(WeightIndex, SurvivesMutations) {
  std::mt19937 random(20261122);
  int accepted = 0;
  for (int round = 0; round < 10'000; ++round) {
    const auto map = parse_weight_index(testing::damaged_json(kSound, random));
    if (!map) continue;
    ++accepted;
    for (const auto& [tensor, file] : *map) {
      EXPECT_FALSE(file.empty());
      EXPECT_EQ(file.find('/'), std::string::npos);
    }
  }
  EXPECT_GT(accepted, 0);  // some edits only rename a tensor
}

}  // namespace
}  // namespace hearth::base
