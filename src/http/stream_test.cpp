// Bodies made over time: order, heartbeats, slow readers, clients that leave.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <thread>

#include "http/server_fixture.h"

namespace hearth::http::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

constexpr std::string_view kAskStream =
    "GET /stream HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: it\r\n\r\n";

/// A server with one streamed answer that the test feeds.
struct Streaming {
  explicit Streaming(const TestServer::Adjust& adjust = {}) : server(routes(feed), adjust) {}

  static Router routes(const std::shared_ptr<Feed>& feed) {
    Router router;
    router.add(
        {Method::Get, "/stream", [feed](const Request&) { return event_stream(stream_of(feed)); }});
    router.add({Method::Get, "/hello", [](const Request&) { return text("hello"); }});
    return router;
  }

  std::shared_ptr<Feed> feed = std::make_shared<Feed>();
  TestServer server;
};

TEST(Stream, ArrivesInOrderAndKeepsTheConnection) {
  Streaming world;
  RawClient client(world.server.port());
  client.send(kAskStream);
  ASSERT_TRUE(world.feed->started());
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const auto event = fmt::format("data: {}\n\n", i);
    world.feed->push(event);
    expected += event;
  }
  world.feed->push("data: [DONE]\n\n");
  world.feed->finish();
  const auto answer = client.read_answer();
  EXPECT_TRUE(answer.complete);
  EXPECT_EQ(answer.body, expected + "data: [DONE]\n\n");
  EXPECT_EQ(answer.headers.get("content-type"), "text/event-stream");
  EXPECT_EQ(answer.headers.get("transfer-encoding"), "chunked");
  EXPECT_TRUE(world.feed->destroyed());
  client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(client.read_answer().body, "hello");
}

TEST(Stream, HeadGoesOutBeforeTheFirstEvent) {
  Streaming world;
  RawClient client(world.server.port());
  client.send(kAskStream);
  EXPECT_THAT(client.read_until("\r\n\r\n"), HasSubstr("200 OK"));
  world.feed->push("data: 1\n\n");
  EXPECT_THAT(client.read_until("data: 1\n\n"), HasSubstr("9\r\n"));
}

TEST(Stream, ManyWakesAreFewPulls) {
  Streaming world;
  RawClient client(world.server.port());
  client.send(kAskStream);
  client.read_until("\r\n\r\n");
  for (int i = 0; i < 200'000; ++i) world.feed->wake();
  world.feed->push("data: x\n\n");
  client.read_until("data: x\n\n");
  EXPECT_LT(world.feed->pulls(), 100'000);
  EXPECT_GE(world.feed->pulls(), 1);
}

TEST(Stream, FillsSilenceBeforeTheFirstEventAndBetween) {
  Streaming world([](ServerOptions& options) { options.limits.heartbeat = 20ms; });
  world.feed->heartbeat = ": ping\n\n";
  RawClient client(world.server.port());
  client.send(kAskStream);
  client.read_until(": ping\n\n");
  client.read_until(": ping\n\n");
  world.feed->push("data: 1\n\n");
  client.read_until("data: 1\n\n");
  client.read_until(": ping\n\n");
}

TEST(Stream, EndsWithoutItsLastChunkWhereItIsAborted) {
  Streaming world;
  RawClient client(world.server.port());
  client.send(kAskStream);
  ASSERT_TRUE(world.feed->started());
  world.feed->push("data: half");
  client.read_until("data: half");
  world.feed->finish(BodyStream::State::Abort);
  EXPECT_THAT(client.read_to_end(), Not(HasSubstr("0\r\n\r\n")));
  EXPECT_TRUE(world.feed->destroyed());
  EXPECT_FALSE(world.server.record("it")->client_left);
}

TEST(Stream, IsDestroyedWhenTheClientLeaves) {
  Streaming world;
  RawClient client(world.server.port());
  client.send(kAskStream);
  ASSERT_TRUE(world.feed->started());
  client.close();
  EXPECT_TRUE(world.feed->destroyed());
  EXPECT_TRUE(world.server.record("it")->client_left);
  world.feed->push("nobody listens");  // a late wake is harmless
}

TEST(Stream, IsDestroyedWhenTheClientClosesItsHalf) {
  Streaming world;
  RawClient client(world.server.port());
  client.send(kAskStream);
  ASSERT_TRUE(world.feed->started());
  client.half_close();
  EXPECT_TRUE(world.feed->destroyed());
}

TEST(Stream, ServesWhatWasPipelinedBehindIt) {
  Streaming world;
  RawClient client(world.server.port());
  client.send(kAskStream);
  ASSERT_TRUE(world.feed->started());
  client.send("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n");
  world.feed->push("data: 1\n\n");
  world.feed->finish();
  EXPECT_EQ(client.read_answer().body, "data: 1\n\n");
  EXPECT_EQ(client.read_answer().body, "hello");
}

TEST(Stream, GoesToHttp10WithoutChunks) {
  Streaming world;
  RawClient client(world.server.port());
  client.send("GET /stream HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
  ASSERT_TRUE(world.feed->started());
  world.feed->push("data: 1\n\n");
  world.feed->finish();
  const auto answer = client.read_answer();
  EXPECT_FALSE(answer.headers.get("transfer-encoding"));
  EXPECT_EQ(answer.headers.get("connection"), "close");
  EXPECT_EQ(answer.body, "data: 1\n\n");
}

TEST(Stream, IsNotStartedForHead) {
  Streaming world;
  const auto answer = world.server.ask("HEAD", "/stream");
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(world.feed->destroyed());
  EXPECT_EQ(world.feed->pulls(), 0);
}

/// Endless data: whatever is pulled is counted.
class Spring final : public BodyStream {
 public:
  explicit Spring(std::shared_ptr<std::atomic<std::size_t>> pulled) : pulled_(std::move(pulled)) {}
  ~Spring() override { *pulled_ += 1'000'000'000; }  // marks the destruction
  void start(Waker wake) override { wake_ = std::move(wake); }
  State pull(std::string& out) override {
    out.assign(std::size_t{64} * 1024, 'x');
    *pulled_ += out.size();
    wake_();
    return State::More;
  }

 private:
  std::shared_ptr<std::atomic<std::size_t>> pulled_;
  Waker wake_;
};

TEST(Stream, AReaderThatStopsCostsBoundedMemoryAndIsDropped) {
  const auto pulled = std::make_shared<std::atomic<std::size_t>>(0);
  Router router;
  router.add({Method::Get, "/stream",
              [pulled](const Request&) { return event_stream(std::make_unique<Spring>(pulled)); }});
  TestServer server(std::move(router), [](ServerOptions& options) {
    options.limits.stream_buffer_bytes = std::size_t{256} * 1024;
    options.limits.write_timeout = 200ms;
  });
  RawClient client(server.port(), /*receive_buffer=*/4096);
  client.send(kAskStream);
  const auto record = server.record("it");
  ASSERT_TRUE(record) << "the stalled reader was not dropped";
  EXPECT_TRUE(record->client_left);
  const std::size_t total = *pulled;
  ASSERT_GE(total, 1'000'000'000U) << "the stream was not destroyed";
  // What was pulled beyond what the kernel took lay in our memory.
  EXPECT_LE(total - 1'000'000'000U - record->bytes_sent, 256U * 1024 + 64 * 1024);
}

TEST(Stream, OneThatThrowsDropsItsConnectionOnly) {
  class Faulty final : public BodyStream {
   public:
    void start(Waker) override {}
    State pull(std::string&) override { throw std::runtime_error("spilled"); }
  };
  Router router;
  router.add({Method::Get, "/stream",
              [](const Request&) { return event_stream(std::make_unique<Faulty>()); }});
  TestServer server(std::move(router));
  RawClient client(server.port());
  client.send(kAskStream);
  EXPECT_THAT(client.read_to_end(), Not(HasSubstr("0\r\n\r\n")));
  EXPECT_EQ(server.ask("GET", "/nowhere").status, 404);
}

}  // namespace
}  // namespace hearth::http::testing
