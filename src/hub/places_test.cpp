// What the environment says.
#include "hub/places.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

#include "base/testing/temp_folder.h"

namespace hearth::hub {
namespace {

/// Reads the places in an environment that has these variables, and none of the others that matter.
Result<Places> read(const std::map<std::string, std::string>& variables,
                    const std::function<Result<std::string>()>& kept = {}) {
  for (const auto* name : {"HF_ENDPOINT", "HF_HUB_OFFLINE", "HF_TOKEN", "HF_TOKEN_PATH", "HF_HOME",
                           "HF_HUB_CACHE", "XDG_CACHE_HOME"}) {
    const auto found = variables.find(name);
    if (found == variables.end())
      ::unsetenv(name);
    else
      ::setenv(name, found->second.c_str(), 1);
  }
  return places(kept);
}

TEST(Places, DefaultsAreTheHubAndTheUsersCache) {
  const base::testing::TempFolder home;
  const auto places = read({{"XDG_CACHE_HOME", home.path().string()}});
  ASSERT_TRUE(places);
  EXPECT_TRUE(places->endpoint.starts_with("https://"));
  EXPECT_FALSE(places->offline);
  EXPECT_EQ(places->token, "");
  EXPECT_EQ(places->cache, home.path() / "huggingface" / "hub");
}

TEST(Places, VariablesWin) {
  const auto places = read({{"HF_ENDPOINT", "http://near:8080/hub//"},
                            {"HF_HUB_OFFLINE", "true"},
                            {"HF_TOKEN", " hf_abc\n"},
                            {"HF_HOME", "/a"},
                            {"HF_HUB_CACHE", "/b"}});
  ASSERT_TRUE(places);
  EXPECT_EQ(places->endpoint, "http://near:8080/hub");
  EXPECT_TRUE(places->offline);
  EXPECT_EQ(places->token, "hf_abc");
  EXPECT_EQ(places->cache, "/b");
  EXPECT_EQ(read({{"HF_HOME", "/a"}})->cache, "/a/hub");
}

TEST(Places, TheTokenMayStandInAFile) {
  const base::testing::TempFolder home;
  const auto file = home.write("token", "hf_in_file\n");
  EXPECT_EQ(read({{"HF_HOME", home.path().string()}})->token, "hf_in_file");
  EXPECT_EQ(read({{"HF_TOKEN_PATH", file.string()}})->token, "hf_in_file");
  EXPECT_EQ(read({{"HF_TOKEN_PATH", file.string()}, {"HF_TOKEN", "hf_x"}})->token, "hf_x");
}

TEST(Places, TheKeptTokenStandsBetweenVariableAndFile) {
  const base::testing::TempFolder home;
  home.write("token", "hf_in_file\n");
  const auto kept = [] { return Result<std::string>("hf_kept"); };
  EXPECT_EQ(read({{"HF_HOME", home.path().string()}}, kept)->token, "hf_kept");
  EXPECT_EQ(read({{"HF_HOME", home.path().string()}}, kept)->token_origin, TokenOrigin::Kept);
  EXPECT_EQ(read({{"HF_HOME", home.path().string()}})->token_origin, TokenOrigin::File);
  EXPECT_EQ(read({{"HF_TOKEN", "hf_x"}}, kept)->token_origin, TokenOrigin::Environment);
  const auto none = [] { return Result<std::string>(std::string()); };
  EXPECT_EQ(read({{"HF_HOME", home.path().string()}}, none)->token, "hf_in_file");
  const auto broken = [] { return Result<std::string>(fail(ErrorCode::CorruptData, "x")); };
  EXPECT_EQ(read({}, broken).error().code, ErrorCode::CorruptData);
}

TEST(Places, NonsenseIsRefusedByName) {
  const auto endpoint = read({{"HF_ENDPOINT", "near"}});
  ASSERT_FALSE(endpoint);
  EXPECT_THAT(endpoint.error().message, ::testing::HasSubstr("HF_ENDPOINT"));
  const auto token = read({{"HF_TOKEN", "a b"}});
  ASSERT_FALSE(token);
  EXPECT_THAT(token.error().message, ::testing::HasSubstr("HF_TOKEN"));
}

}  // namespace
}  // namespace hearth::hub
