// Which names are near, and how they are offered.
#include "services/near_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::services {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(NearNames, TypingMistakesFindTheirName) {
  const std::vector<std::string> known = {"server.host", "server.port", "log.level"};
  EXPECT_THAT(near_names("server.prot", known), ElementsAre("server.port", "server.host"));
  EXPECT_THAT(near_names("log.levle", known), ElementsAre("log.level"));
}

TEST(NearNames, PartsOfANameFindIt) {
  EXPECT_THAT(near_names("QWEN3", {"org/qwen3-4b", "org/llama"}), ElementsAre("org/qwen3-4b"));
}

TEST(NearNames, TheOrganisationDoesNotCountAgainstAName) {
  EXPECT_THAT(near_names("storys260k", {"tiny/stories260k"}), ElementsAre("tiny/stories260k"));
}

TEST(NearNames, WhatIsFarOffIsNotOffered) {
  EXPECT_THAT(near_names("gpt-4", {"qwen3-4b", "llama-3"}), IsEmpty());
  EXPECT_THAT(near_names("", {"a", "b"}), IsEmpty());
  EXPECT_THAT(near_names("a", {}), IsEmpty());
}

TEST(NearNames, OnlyTheBestAreOffered) {
  EXPECT_THAT(near_names("model", {"model1", "model2", "model3", "model4"}),
              ElementsAre("model1", "model2", "model3"));
  EXPECT_THAT(near_names("abcd", {"abxd", "abxy"}, 1), ElementsAre("abxd"));
}

TEST(NearNames, TheyAreOfferedAsAQuestion) {
  EXPECT_EQ(did_you_mean({}), "");
  EXPECT_EQ(did_you_mean({"a"}), R"( (did you mean "a"?))");
  EXPECT_EQ(did_you_mean({"a", "b"}), R"( (did you mean "a" or "b"?))");
  EXPECT_EQ(did_you_mean({"a", "b", "c"}), R"( (did you mean "a", "b" or "c"?))");
}

}  // namespace
}  // namespace hearth::services
