// Both ends of the worker's socket, with an engine that a test plays.
#include <array>
#include <atomic>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include "base/thread.h"
#include "engine/open_remote.h"
#include "engine/remote/worker_session.h"
#include "engine/testing/fake_engine.h"
#include "engine/wire/channel.h"
#include "engine/wire/convert.h"

namespace hearth::engine {
namespace {

using testing::eventually;
using testing::FakeEngine;
using testing::FakeEngineScript;

struct SocketPair {
  SocketPair() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0); }
  std::array<int, 2> ends{};
};

Request say(const std::string& text) {
  return {.id = "r", .input = TextInput{text}};
}

std::string all_text(const std::vector<Event>& events) {
  std::string text;
  for (const Event& event : events)
    if (const auto* delta = std::get_if<TextDelta>(&event)) text += delta->text;
  return text;
}

/// Everything a generation says until it ends.
std::vector<Event> collect_events(Generation& generation) {
  std::vector<Event> all;
  while (true) {
    auto events = generation.wait();
    if (events.empty()) return all;
    for (Event& event : events) all.push_back(std::move(event));
  }
}

ErrorCode failure(const std::vector<Event>& events) {
  return std::get<Failed>(events.back()).error.code;
}

/// A worker in a thread, its engine played by `script`, and the server's engine at the other end.
class RemoteTest : public ::testing::Test {
 protected:
  void connect() {
    SocketPair pair;
    worker_ = base::Thread("worker", [this, fd = pair.ends[1]] {
      exit_status_ =
          serve_session(fd,
                        [this](const LoadProgress& progress) -> Result<std::unique_ptr<Engine>> {
                          progress(0.5);
                          return std::make_unique<FakeEngine>(
                              ModelInfo{.name = "toy", .context_length = 64}, script_);
                        },
                        {});
    });
    auto opened = open_remote(
        pair.ends[0], [this](double fraction) { progress_ = fraction; }, [this] { ++lost_calls_; });
    ASSERT_TRUE(opened) << opened.error().message;
    engine_ = std::move(*opened);
  }

  std::shared_ptr<FakeEngineScript> script_ = std::make_shared<FakeEngineScript>();
  double progress_ = 0;
  std::atomic<int> lost_calls_ = 0;
  std::atomic<int> exit_status_ = -1;
  base::Thread worker_;
  std::unique_ptr<Engine> engine_;  // goes first: that ends the worker
};

TEST_F(RemoteTest, TellsProgressAndTheModel) {
  connect();
  EXPECT_EQ(progress_, 0.5);
  EXPECT_EQ(engine_->model().name, "toy");
  EXPECT_EQ(engine_->model().context_length, 64U);
}

TEST_F(RemoteTest, RequestsAndEventsCrossAndDoNotMix) {
  connect();
  const auto first = engine_->submit(say("one"));
  const auto second = engine_->submit(say("two"));
  const auto asked_first = script_->wait_for(0);
  const auto asked_second = script_->wait_for(1);
  EXPECT_EQ(std::get<TextInput>(asked_second.request.input).text, "two");
  for (int i = 0; i < 50; ++i) {
    asked_first.events->push(TextDelta{.text = "a", .tokens = 1});
    asked_second.events->push(TextDelta{.text = "b", .tokens = 1});
  }
  asked_second.events->push(Finished{.reason = FinishReason::Length});
  asked_first.events->push(Finished{});
  EXPECT_EQ(all_text(collect_events(*first)), std::string(50, 'a'));
  const auto events = collect_events(*second);
  EXPECT_EQ(all_text(events), std::string(50, 'b'));
  EXPECT_EQ(std::get<Finished>(events.back()).reason, FinishReason::Length);
}

TEST_F(RemoteTest, DroppingTheHandleCancelsInTheWorker) {
  connect();
  auto generation = engine_->submit(say("one"));
  const auto asked = script_->wait_for(0);
  EXPECT_FALSE(asked.events->abandoned());
  generation.reset();
  EXPECT_TRUE(eventually([&] { return asked.events->abandoned(); }));
}

TEST_F(RemoteTest, ClosingTheServerEndsTheWorkerAndCancels) {
  connect();
  const auto generation = engine_->submit(say("one"));
  const auto asked = script_->wait_for(0);
  engine_.reset();
  worker_.join();
  EXPECT_EQ(exit_status_, 0);
  EXPECT_TRUE(asked.events->abandoned());
  EXPECT_EQ(failure(collect_events(*generation)), ErrorCode::Cancelled);
  EXPECT_EQ(lost_calls_, 0);
}

TEST_F(RemoteTest, StatisticsFollowTheWork) {
  connect();
  script_->set_stats({.running = 3, .pages_total = 9, .completion_tokens = 77});
  const auto generation = engine_->submit(say("one"));
  script_->wait_for(0).events->push(Finished{});
  EXPECT_TRUE(eventually([&] { return engine_->stats().completion_tokens == 77; }));
  EXPECT_EQ(engine_->stats().pages_total, 9U);
}

TEST_F(RemoteTest, AReaderThatSleepsHoldsNobodyUp) {
  connect();
  const auto sleeper = engine_->submit(say("sleeps"));
  const auto reader = engine_->submit(say("reads"));
  const auto slow = script_->wait_for(0);
  const auto quick = script_->wait_for(1);
  const std::string piece(1000, 'x');
  for (int i = 0; i < 5000; ++i) slow.events->push(TextDelta{.text = piece, .tokens = 1});
  slow.events->push(Finished{});
  quick.events->push(TextDelta{.text = "hello", .tokens = 1});
  quick.events->push(Finished{});
  EXPECT_EQ(all_text(collect_events(*reader)), "hello");
  EXPECT_EQ(all_text(collect_events(*sleeper)).size(), 5000U * 1000U);
}

/// A worker played by hand: hello, model, then whatever the test sends.
class HandPlayedWorker {
 public:
  explicit HandPlayedWorker(int fd) : channel_(std::make_unique<wire::Channel>(fd)) {}
  void greet(std::uint32_t protocol = wire::kProtocol) {
    wire::ToServer hello;
    hello.mutable_hello()->set_protocol(protocol);
    send(hello);
  }
  void ready() {
    wire::ToServer message;
    *message.mutable_ready() = wire::write_model({.name = "toy"});
    send(message);
  }
  void send(const wire::ToServer& message) { send(*wire::frame_of(message)); }
  void send(const std::string& bytes) { EXPECT_TRUE(channel_->send(bytes)); }
  void die() { channel_.reset(); }

 private:
  std::unique_ptr<wire::Channel> channel_;
};

TEST(OpenRemote, AWorkerThatDiesFailsItsRequestsAndTellsOnce) {
  SocketPair pair;
  HandPlayedWorker worker(pair.ends[1]);
  worker.greet();
  worker.ready();
  std::atomic<int> lost = 0;
  auto engine = open_remote(pair.ends[0], {}, [&] { ++lost; });
  ASSERT_TRUE(engine);
  const auto running = (*engine)->submit(say("one"));
  worker.die();
  const auto events = collect_events(*running);
  EXPECT_EQ(failure(events), ErrorCode::EngineLost);
  EXPECT_EQ(std::get<Failed>(events.back()).error.message,
            "the worker process of model toy ended unexpectedly (its process is gone); send the "
            "request again");
  EXPECT_TRUE((*engine)->lost());
  EXPECT_EQ(failure(collect_events(*(*engine)->submit(say("later")))), ErrorCode::EngineLost);
  EXPECT_TRUE(eventually([&] { return lost == 1; }));
}

TEST(OpenRemote, ARefusalComesThroughWithItsReason) {
  SocketPair pair;
  HandPlayedWorker worker(pair.ends[1]);
  worker.greet();
  wire::ToServer refused;
  *refused.mutable_refused() = wire::write_problem(
      {.code = ErrorCode::UnsupportedArgument, .message = "load toy: unknown architecture"});
  worker.send(refused);
  const auto engine = open_remote(pair.ends[0]);
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, ErrorCode::UnsupportedArgument);
  EXPECT_EQ(engine.error().message, "load toy: unknown architecture");
}

TEST(OpenRemote, AnotherVersionIsNamed) {
  SocketPair pair;
  HandPlayedWorker worker(pair.ends[1]);
  worker.greet(wire::kProtocol + 1);
  const auto engine = open_remote(pair.ends[0]);
  ASSERT_FALSE(engine);
  EXPECT_NE(engine.error().message.find("version 2"), std::string::npos) << engine.error().message;
}

TEST(OpenRemote, AWorkerThatEndsWhileLoadingIsReported) {
  SocketPair pair;
  HandPlayedWorker worker(pair.ends[1]);
  worker.greet();
  worker.die();
  const auto engine = open_remote(pair.ends[0]);
  ASSERT_FALSE(engine);
  EXPECT_EQ(engine.error().code, ErrorCode::EngineLost);
}

TEST(OpenRemote, NonsenseFromAWorkerEndsTheConnectionInsteadOfTheServer) {
  const std::string nonsense[] = {std::string("\xFF\xFF\xFF\xFF", 4),
                                  std::string("\0\0\0\2\xFF\xFF", 6), std::string("\0\0\0\0", 4)};
  for (const std::string& bytes : nonsense) {
    SocketPair pair;
    HandPlayedWorker worker(pair.ends[1]);
    worker.greet();
    worker.ready();
    auto engine = open_remote(pair.ends[0]);
    ASSERT_TRUE(engine);
    const auto running = (*engine)->submit(say("one"));
    worker.send(bytes);
    EXPECT_EQ(failure(collect_events(*running)), ErrorCode::EngineLost);
  }
}

TEST(WorkerSession, NonsenseFromAServerEndsIt) {
  std::mt19937 random(3);
  for (int round = 0; round < 50; ++round) {
    SocketPair pair;
    const auto script = std::make_shared<FakeEngineScript>();
    int status = -1;
    base::Thread worker("worker", [&] {
      status = serve_session(pair.ends[1],
                             [&](const LoadProgress&) -> Result<std::unique_ptr<Engine>> {
                               return std::make_unique<FakeEngine>(ModelInfo{}, script);
                             },
                             {});
    });
    wire::Channel server(pair.ends[0]);
    std::string garbage(1 + random() % 300, '\0');
    for (char& byte : garbage) byte = static_cast<char>(random());
    garbage[0] = '\xFF';  // an impossible length, so that it need not wait for more
    EXPECT_TRUE(server.send(garbage));
    worker.join();
    EXPECT_EQ(status, 2);
  }
}

TEST(WorkerSession, AServerThatGoesWhileTheModelLoadsIsNoticed) {
  SocketPair pair;
  std::atomic<bool> noticed = false;
  base::Thread worker("worker", [&] {
    serve_session(
        pair.ends[1],
        [&](const LoadProgress&) -> Result<std::unique_ptr<Engine>> {
          EXPECT_TRUE(eventually([&] { return noticed.load(); }));
          return fail(ErrorCode::Cancelled, "nobody waits for it");
        },
        [&](bool still_loading) { noticed = still_loading; });
  });
  ::close(pair.ends[0]);
  worker.join();
  EXPECT_TRUE(noticed);
}

}  // namespace
}  // namespace hearth::engine
