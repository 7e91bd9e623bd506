// Ending in good order: idle connections at once, running answers within their grace.
#include <future>
#include <gtest/gtest.h>

#include "http/server_fixture.h"

namespace hearth::http::testing {
namespace {

using namespace std::chrono_literals;

struct Draining {
  static Router routes(const std::shared_ptr<Feed>& feed) {
    Router router;
    router.add(
        {Method::Get, "/stream", [feed](const Request&) { return event_stream(stream_of(feed)); }});
    router.add({Method::Get, "/hello", [](const Request&) { return text("hello"); }});
    return router;
  }

  std::shared_ptr<Feed> feed = std::make_shared<Feed>();
  TestServer server{routes(feed)};
};

constexpr std::string_view kStream = "GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n";
constexpr std::string_view kHello = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n";

TEST(Drain, ClosesIdleConnectionsAndAcceptsNoMore) {
  Draining world;
  RawClient idle(world.server.port());
  RawClient untouched(world.server.port());
  idle.send(kHello);
  EXPECT_EQ(idle.read_answer().body, "hello");
  const auto port = world.server.port();
  world.server.server->drain(kPatience);
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_EQ(untouched.read_to_end(), "");

  ServerOptions again;  // the port is free
  again.port = port;
  EXPECT_TRUE(Server::listen(again, {}, write_test_error));
}

TEST(Drain, LetsARunningAnswerEnd) {
  Draining world;
  RawClient client(world.server.port());
  client.send(kStream);
  ASSERT_TRUE(world.feed->started());
  RawClient idle(world.server.port());
  auto drained = std::async(std::launch::async, [&] { world.server.server->drain(kPatience); });
  EXPECT_EQ(idle.read_to_end(), "");  // so draining has begun
  world.feed->push("data: last words\n\n");
  world.feed->finish();
  const auto answer = client.read_answer();
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, "data: last words\n\n");
  EXPECT_EQ(client.read_to_end(), "");
  drained.get();
}

TEST(Drain, CutsWhatOutlivesItsGrace) {
  Draining world;
  RawClient client(world.server.port());
  client.send(kStream);
  ASSERT_TRUE(world.feed->started());
  world.server.server->drain(20ms);
  EXPECT_TRUE(world.feed->destroyed());
  EXPECT_FALSE(client.read_answer().complete);
  world.feed->push("too late");  // wakes a server that has ended
}

TEST(Drain, HappensWithTheDestructorToo) {
  Draining world;
  RawClient client(world.server.port());
  client.send(kStream);
  ASSERT_TRUE(world.feed->started());
  world.server.server.reset();
  EXPECT_TRUE(world.feed->destroyed());
  world.feed->push("too late");
}

TEST(Drain, OfAServerThatNeverStarted) {
  ServerOptions options;
  options.port = 0;
  auto server = Server::listen(options, {}, write_test_error);
  ASSERT_TRUE(server);
  (*server)->drain(1s);
}

}  // namespace
}  // namespace hearth::http::testing
