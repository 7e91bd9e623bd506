// The command line's client against a real server.
#include "http/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/server_fixture.h"

namespace hearth::http::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

Router routes(const std::shared_ptr<Feed>& feed) {
  Router router;
  for (const auto method : {Method::Get, Method::Post, Method::Delete})
    router.add({method, "/echo", [](const Request& request) {
                  auto response = text(fmt::format("{} {} {}", name(request.method), request.body,
                                                   request.headers.get("x-test").value_or("-")));
                  response.headers.add("X-Reply", "yes");
                  return response;
                }});
  router.add(
      {Method::Get, "/stream", [feed](const Request&) { return event_stream(stream_of(feed)); }});
  return router;
}

struct World {
  std::shared_ptr<Feed> feed = std::make_shared<Feed>();
  TestServer server{routes(feed)};
  std::string url(std::string_view path) const {
    return fmt::format("http://127.0.0.1:{}{}", server.port(), path);
  }
};

TEST(Client, SendsMethodHeadersAndBody) {
  World world;
  ClientRequest request;
  request.method = Method::Post;
  request.url = world.url("/echo");
  request.headers.add("X-Test", "7");
  request.body = "hi";
  const auto answer = fetch(request);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "POST hi 7");
  EXPECT_EQ(answer->headers.get("x-reply"), "yes");
  request.method = Method::Delete;
  EXPECT_EQ(fetch(request)->body, "DELETE hi 7");
  request.method = Method::Head;
  request.body.clear();
  EXPECT_EQ(fetch(request)->body, "");
}

TEST(Client, AnyStatusIsAValue) {
  World world;
  const auto answer = fetch({.url = world.url("/nowhere")});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 404);
}

TEST(Client, HandsPiecesOverUntilTheCallerHasEnough) {
  World world;
  std::string seen;
  bool fed = false;
  world.feed->push("data: 1\n\n");
  const auto answer =
      fetch({.url = world.url("/stream"), .timeout = 0ms}, [&](std::string_view piece) {
        seen += piece;
        if (!std::exchange(fed, true)) world.feed->push("data: 2\n\n");
        return !seen.ends_with("data: 2\n\n");
      });
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(seen, "data: 1\n\ndata: 2\n\n");
  EXPECT_TRUE(world.feed->destroyed());
}

TEST(Client, TheHeadDecidesWhereTheBodyGoes) {
  World world;
  Client client;
  for (const bool wanted : {true, false}) {
    std::string seen;
    const auto answer =
        client.fetch({.url = world.url("/echo")},
                     {.on_head =
                          [&](const ClientResponse& head) {
                            EXPECT_EQ(head.status, 200);
                            EXPECT_EQ(head.headers.get("x-reply"), "yes");
                            return wanted;
                          },
                      .on_body = [&](std::string_view piece) { return seen += piece, true; },
                      .keep_going = {}});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(seen, wanted ? "GET  -" : "");
    EXPECT_EQ(answer->body, wanted ? "" : "GET  -");
  }
}

TEST(Client, EndsWhenTheCallerWantsNoMore) {
  World world;
  const auto ended =
      Client().fetch({.url = world.url("/stream"), .timeout = 0ms},
                     {.on_head = {}, .on_body = {}, .keep_going = [] { return false; }});
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().code, ErrorCode::Cancelled);
}

TEST(Client, ACollectedBodyHasALimit) {
  World world;
  const auto answer = fetch({.url = world.url("/echo"), .most_body_bytes = 3});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::TooLarge);
}

TEST(Client, SilenceIsNoAnswer) {
  World world;
  const auto silent = fetch({.url = world.url("/stream"), .timeout = 0ms, .stall_timeout = 1s});
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, ErrorCode::Io);
}

TEST(Client, SaysWhoDidNotAnswer) {
  std::string url;
  {
    World world;
    url = world.url("/echo");
  }
  const auto refused = fetch({.url = url});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Io);
  EXPECT_THAT(refused.error().message, HasSubstr("no answer from " + url));
  World world;
  const auto silent = fetch({.url = world.url("/stream"), .timeout = 50ms});
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().code, ErrorCode::Io);
}

}  // namespace
}  // namespace hearth::http::testing
