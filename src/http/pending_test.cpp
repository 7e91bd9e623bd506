// Answers that are not ready yet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>

#include "http/server_fixture.h"

namespace hearth::http::testing {
namespace {

using ::testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::string_view kAskLater =
    "GET /later HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: it\r\n\r\n";

struct Waiting {
  static Router routes(const std::shared_ptr<Promise>& promise) {
    Router router;
    router.add({Method::Get, "/later",
                [promise](const Request&) { return pending(pending_of(promise)); }});
    return router;
  }

  std::shared_ptr<Promise> promise = std::make_shared<Promise>();
  TestServer server{routes(promise)};
};

TEST(Pending, AnswersOnceItIsReady) {
  Waiting world;
  RawClient client(world.server.port());
  client.send(kAskLater);
  ASSERT_TRUE(world.promise->started());
  world.promise->answer([] { return json("{\"ready\":true}", 201); });
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 201);
  EXPECT_EQ(answer.body, "{\"ready\":true}");
  EXPECT_EQ(answer.headers.get("x-request-id"), "it");
  EXPECT_TRUE(world.promise->destroyed());
  EXPECT_LE(world.promise->polls(), 3);
}

TEST(Pending, MayAnswerAtItsDeadlineWithoutAWake) {
  Waiting world;
  world.promise->deadline = base::SteadyClock::now() + 30ms;
  world.promise->at_deadline = [] { return text("late", 503); };
  RawClient client(world.server.port());
  client.send(kAskLater);
  EXPECT_EQ(client.read_answer().body, "late");
}

TEST(Pending, MayBecomeAStreamAtItsDeadline) {
  Waiting world;
  const auto feed = std::make_shared<Feed>();
  world.promise->deadline = base::SteadyClock::now() + 30ms;
  world.promise->at_deadline = [feed] { return event_stream(stream_of(feed)); };
  RawClient client(world.server.port());
  client.send(kAskLater);
  ASSERT_TRUE(feed->started());
  EXPECT_TRUE(world.promise->destroyed());
  feed->push("data: 1\n\n");
  feed->finish();
  EXPECT_EQ(client.read_answer().body, "data: 1\n\n");
}

TEST(Pending, IsDestroyedWhenTheClientLeaves) {
  Waiting world;
  RawClient client(world.server.port());
  client.send(kAskLater);
  ASSERT_TRUE(world.promise->started());
  client.close();
  EXPECT_TRUE(world.promise->destroyed());
  const auto record = world.server.record("it");
  EXPECT_TRUE(record->client_left);
  EXPECT_EQ(record->status, 499);
  EXPECT_EQ(record->bytes_sent, 0U);
}

TEST(Pending, ThatThrowsIsAn500) {
  Waiting world;
  RawClient client(world.server.port());
  client.send(kAskLater);
  ASSERT_TRUE(world.promise->started());
  world.promise->answer([]() -> Response { throw std::runtime_error("lost the thread"); });
  const auto answer = client.read_answer();
  EXPECT_EQ(answer.status, 500);
  EXPECT_THAT(answer.body, HasSubstr("request id it"));
}

}  // namespace
}  // namespace hearth::http::testing
