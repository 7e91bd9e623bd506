// Taking request targets apart.
#include "http/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::http {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(Target, SplitsBeforeItDecodes) {
  EXPECT_THAT(parse_target("/")->path, IsEmpty());
  EXPECT_THAT(parse_target("/v1/models/org%2fname")->path, ElementsAre("v1", "models", "org/name"));
  EXPECT_THAT(parse_target("/a//b/")->path, ElementsAre("a", "", "b"));
  EXPECT_THAT(parse_target("/caf%C3%A9+x")->path, ElementsAre("café+x"));
}

TEST(Target, DecodesTheQuery) {
  EXPECT_THAT(parse_target("/a?x=1&y=a+b%26c&flag&x=2&&=z")->query,
              ElementsAre(Pair("x", "1"), Pair("y", "a b&c"), Pair("flag", ""), Pair("x", "2"),
                          Pair("", "z")));
  EXPECT_THAT(parse_target("/a?")->query, IsEmpty());
}

TEST(Target, TakesTheFormsOfProxiesAndOptions) {
  const auto absolute = parse_target("HTTP://example.org:80/a?b=c");
  ASSERT_TRUE(absolute);
  EXPECT_EQ(absolute->authority, "example.org:80");
  EXPECT_THAT(absolute->path, ElementsAre("a"));
  EXPECT_THAT(absolute->query, ElementsAre(Pair("b", "c")));
  EXPECT_THAT(parse_target("http://example.org")->path, IsEmpty());
  EXPECT_TRUE(parse_target("*")->whole_server);
}

TEST(Target, RefusesWhatCouldBeReadInTwoWays) {
  for (const auto* bad :
       {"", "a", "ftp://x/", "http:///a", "example.org:443", "/%", "/%4", "/%zz", "/a?x=%f",
        "/a/../b", "/a/%2e%2E/b", "/./a", "/a%2f..%2fb", "/a%00b", "/a#b", "http://x#y", "*x"})
    EXPECT_FALSE(parse_target(bad)) << bad;
  EXPECT_TRUE(parse_target("/a..b/...c"));
  EXPECT_THAT(parse_target("/50%25%zz").error().message, HasSubstr("\"%zz\""));
}

}  // namespace
}  // namespace hearth::http
