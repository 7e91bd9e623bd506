// Questions to the fake Hub.
#include "hub/hub_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/fake_hub.h"

namespace hearth::hub::testing {
namespace {

using ::testing::HasSubstr;

const RetryRules kQuick{.most_failures = 4,
                        .first_wait = std::chrono::milliseconds(1),
                        .longest_wait = std::chrono::milliseconds(2)};

class Questions : public ::testing::Test {
 protected:
  HubClient client() { return HubClient(hub_.places(), {}, kQuick); }
  FakeHub hub_;
};

TEST_F(Questions, AListOfManyPagesIsOneList) {
  for (int i = 0; i < 25; ++i) hub_.add("file-" + std::to_string(i), std::to_string(i), i % 2 == 0);
  hub_.page_size = 10;
  const auto files = client().files("org/model", "main");
  ASSERT_TRUE(files) << files.error().message;
  EXPECT_EQ(files->size(), 25U);
  EXPECT_EQ(hub_.asked_hub().size(), 3U);
}

TEST_F(Questions, ARevisionMeansACommit) {
  EXPECT_EQ(client().model("org/model", "main")->commit, FakeHub::kCommit);
  const auto unknown = client().model("org/model", "v2");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("no revision \"v2\""));
  EXPECT_THAT(client().model("org/other", "main").error().message, HasSubstr("no model org/other"));
  EXPECT_EQ(client().model("org", "../x").error().code, ErrorCode::InvalidArgument);
}

TEST_F(Questions, TheCardIsFetchedFromWhereverItLies) {
  hub_.add("README.md", "# Hello", true);
  EXPECT_EQ(client().readme("org/model", "main").value(), "# Hello");
}

TEST_F(Questions, AGatedModelNeedsAToken) {
  hub_.token = "hf_secret";
  EXPECT_TRUE(client().model("org/model", "main"));
  auto places = hub_.places();
  places.token.clear();
  const auto refused = HubClient(places, {}, kQuick).model("org/model", "main");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Forbidden);
}

TEST_F(Questions, ATokenHasAnOwnerOrNone) {
  hub_.token = "hf_secret";
  hub_.hub_fault = [&](const http::Request& request) -> std::optional<http::Response> {
    if (request.target != "/api/whoami-v2" ||
        request.headers.get("authorization") != "Bearer hf_secret")
      return http::json(R"({"error":"Invalid credentials in Authorization header"})", 401);
    return http::json(R"({"name":"jane","auth":{"accessToken":{"role":"read"}}})");
  };
  EXPECT_EQ(client().account()->name, "jane");
  auto places = hub_.places();
  places.token = "hf_other";
  const auto other = HubClient(places, {}, kQuick).account();
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::Unauthorized);
  EXPECT_THAT(other.error().message, HasSubstr("does not know this token"));
  places.token.clear();
  EXPECT_THAT(HubClient(places, {}, kQuick).account().error().message, HasSubstr("hearth login"));
}

TEST_F(Questions, SearchAsksAndReadsPages) {
  hub_.hub_fault = [&](const http::Request& request) -> std::optional<http::Response> {
    auto response = http::json(R"([{"id":"a/b","likes":3,"gated":"auto"}])");
    if (!request.target.contains("cursor"))
      response.headers.add("Link", R"(</api/models?cursor=2>; rel="next")");
    return response;
  };
  const auto page = client().search({.text = "qwen", .filters = {"mlx"}});
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->models.at(0).id, "a/b");
  EXPECT_TRUE(page->models.at(0).gated);
  EXPECT_EQ(hub_.asked_hub().at(0).path, "/api/models?search=qwen&filter=mlx&limit=20");
  const auto last = client().search_page(page->next);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->next, "");
}

TEST_F(Questions, ABusyHubIsAskedAgainAFewTimes) {
  int number = 0;
  int broken = 2;
  hub_.hub_fault = [&](const http::Request&) -> std::optional<http::Response> {
    if (number++ >= broken) return std::nullopt;
    return http::text("", 503);
  };
  EXPECT_TRUE(client().model("org/model", "main"));
  hub_.change([&] { broken = 100; });
  EXPECT_EQ(client().model("org/model", "main").error().code, ErrorCode::Upstream);
  hub_.change([&] { EXPECT_EQ(number, 3 + 4); });
}

TEST_F(Questions, OfflineNobodyIsAsked) {
  auto places = hub_.places();
  places.offline = true;
  const auto refused = HubClient(places).model("org/model", "main");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("HF_HUB_OFFLINE"));
  EXPECT_TRUE(hub_.asked_hub().empty());
}

TEST_F(Questions, ASilentHubIsNamedWithoutTheQuestionAndWithAdvice) {
  Places places = hub_.places();
  places.endpoint = "http://127.0.0.1:1";  // nobody listens there
  HubClient client(places, {}, {.most_failures = 2, .first_wait = std::chrono::milliseconds(1)});
  const auto silent = client.search({.text = "a needle", .limit = 7});
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, ErrorCode::Io);
  EXPECT_THAT(silent.error().message,
              ::testing::AllOf(HasSubstr("no answer from http://127.0.0.1:1: "),
                               ::testing::Not(HasSubstr("needle")), HasSubstr("https_proxy"),
                               HasSubstr("HF_ENDPOINT"), HasSubstr("HF_HUB_OFFLINE"),
                               HasSubstr("`hearth list`")));
}

TEST_F(Questions, WhatIsNoHubIsSaidToBeNone) {
  hub_.hub_fault = [](const http::Request&) { return http::text("<html>"); };
  EXPECT_THAT(client().model("org/model", "main").error().message, HasSubstr("is it a Hub?"));
}

}  // namespace
}  // namespace hearth::hub::testing
