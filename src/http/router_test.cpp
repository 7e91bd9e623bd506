// Which pattern takes which path.
#include "http/router.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/target.h"

namespace hearth::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

Router router_of(const std::vector<std::pair<Method, std::string>>& routes) {
  Router router;
  for (const auto& [method, pattern] : routes)
    router.add({method, pattern, [](const Request&) { return Response(); }});
  return router;
}

Router models() {
  return router_of({{Method::Get, "/"},
                    {Method::Get, "/v1/models"},
                    {Method::Get, "/v1/models/{id...}"},
                    {Method::Delete, "/v1/models/{id...}"},
                    {Method::Post, "/v1/models/{id...}/load"},
                    {Method::Get, "/v1/models/{id...}/load"},
                    {Method::Get, "/v1/models/default"},
                    {Method::Get, "/v1/{kind}/{name}"},
                    {Method::Post, "/api/{verb}"}});
}

Router::Match find(const Router& router, Method method, std::string_view target) {
  static std::vector<std::string> path;
  path = parse_target(target).value().path;
  return router.find(method, path);
}

std::string pattern(const Router& router, Method method, std::string_view target) {
  const auto match = find(router, method, target);
  return match.route ? match.route->pattern : "none";
}

TEST(Router, FixedSegmentsWinOverNamesAndNamesOverMany) {
  const auto router = models();
  EXPECT_EQ(pattern(router, Method::Get, "/"), "/");
  EXPECT_EQ(pattern(router, Method::Get, "/v1/models"), "/v1/models");
  EXPECT_EQ(pattern(router, Method::Get, "/v1/models/"), "/v1/models");
  EXPECT_EQ(pattern(router, Method::Get, "/v1/models/default"), "/v1/models/default");
  EXPECT_EQ(pattern(router, Method::Get, "/v1/models/other"), "/v1/models/{id...}");
  EXPECT_EQ(pattern(router, Method::Get, "/v1/files/other"), "/v1/{kind}/{name}");
  EXPECT_EQ(pattern(router, Method::Get, "/v1/files/other/more"), "none");
}

TEST(Router, ListsWhatWasAdded) {
  const auto routes = models().routes();
  EXPECT_EQ(routes.size(), 9U);
  EXPECT_NE(std::ranges::find(routes, std::pair(Method::Delete, std::string("/v1/models/{id...}"))),
            routes.end());
}

TEST(Router, TheOrderOfAddingDoesNotMatter) {
  auto routes = std::vector<std::pair<Method, std::string>>{
      {Method::Get, "/a/{x...}"}, {Method::Get, "/a/{x}"}, {Method::Get, "/a/b"}};
  for (int turn = 0; turn < 3; ++turn) {
    std::rotate(routes.begin(), routes.begin() + 1, routes.end());
    const auto router = router_of(routes);
    EXPECT_EQ(pattern(router, Method::Get, "/a/b"), "/a/b");
    EXPECT_EQ(pattern(router, Method::Get, "/a/c"), "/a/{x}");
    EXPECT_EQ(pattern(router, Method::Get, "/a/c/d"), "/a/{x...}");
  }
}

TEST(Router, ModelIdsMayHoldSlashes) {
  const auto router = models();
  EXPECT_THAT(find(router, Method::Get, "/v1/models/org/name").values,
              ElementsAre(Pair("id", "org/name")));
  EXPECT_THAT(find(router, Method::Get, "/v1/models/org%2Fname").values,
              ElementsAre(Pair("id", "org/name")));
  EXPECT_THAT(find(router, Method::Get, "/v1/models//abs/path").values,
              ElementsAre(Pair("id", "/abs/path")));
}

TEST(Router, FixedLastSegmentsWin) {
  const auto router = models();
  const auto match = find(router, Method::Post, "/v1/models/org/name/load");
  ASSERT_TRUE(match.route);
  EXPECT_EQ(match.route->pattern, "/v1/models/{id...}/load");
  EXPECT_THAT(match.values, ElementsAre(Pair("id", "org/name")));
  EXPECT_EQ(pattern(router, Method::Get, "/v1/models/org/load"), "/v1/models/{id...}/load");
  EXPECT_EQ(pattern(router, Method::Get, "/v1/models/org%2Fload"), "/v1/models/{id...}");
  EXPECT_EQ(pattern(router, Method::Get, "/v1/models/load"), "/v1/models/{id...}");
}

TEST(Router, AnEncodedSegmentIsNotAPatternNorEmpty) {
  const auto router = models();
  EXPECT_EQ(pattern(router, Method::Post, "/api/%7Bverb%7D"), "/api/{verb}");
  EXPECT_EQ(pattern(router, Method::Post, "/api//"), "none");
}

TEST(Router, NamesTheMethodsAPathTakes) {
  const auto router = models();
  EXPECT_THAT(find(router, Method::Put, "/v1/models/other").allowed,
              ElementsAre(Method::Get, Method::Head, Method::Delete));
  EXPECT_THAT(find(router, Method::Get, "/nowhere").allowed, IsEmpty());
  EXPECT_EQ(pattern(router, Method::Head, "/v1/models"), "/v1/models");
  EXPECT_EQ(pattern(router, Method::Delete, "/v1/models/default"), "/v1/models/{id...}");
}

TEST(Router, TheFallbackTakesReadsOfUnknownPathsOnly) {
  auto router = models();
  router.fallback([](const Request&) { return Response(); });
  EXPECT_EQ(pattern(router, Method::Get, "/nowhere"), "");
  EXPECT_EQ(pattern(router, Method::Head, "/nowhere"), "");
  EXPECT_EQ(pattern(router, Method::Post, "/nowhere"), "none");
  EXPECT_EQ(pattern(router, Method::Get, "/api/generate"), "none");
}

}  // namespace
}  // namespace hearth::http
