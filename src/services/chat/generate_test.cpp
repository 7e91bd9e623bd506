// A reply's events from the load to the end, its cancellation, its wakes and what is counted.
#include "services/chat/generate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <type_traits>

#include "services/testing/fake_workers.h"
#include "services/testing/temp_folder.h"

namespace hearth::services {
namespace {

using engine::testing::eventually;
using testing::ask;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

/// Everything a Generator stands on, with workers that a test plays.
struct GeneratorWorld {
  testing::TempFolder folder;
  testing::FakeWorkers workers;
  Library library{{.hub_cache = {}, .plain = {folder.path()}}};
  Pool pool{1, workers.starter()};
  Metrics metrics;
  Generator generator{library, pool, metrics};

  Reply start(const std::string& text = "hi") {
    return generator.start(ModelEntry{.id = "m"}, {.input = engine::TextInput{text}});
  }
  /// A reply whose engine is there, with "ready" waiting.
  Reply start_ready() {
    workers.hold();
    Reply reply = start();
    auto after = ask(pool, "m");  // answered behind the reply
    workers.settle(0);
    EXPECT_TRUE(after.get().has_value());
    return reply;
  }
  std::shared_ptr<engine::EventQueue> events(std::size_t index = 0) {
    return workers.script("m")->wait_for(index).events;
  }
  std::string counts() const { return metrics.text({}); }
};

std::string name_of(const ReplyEvent& event) {
  static constexpr const char* kNames[] = {"load", "ready", "admitted", "prompt",
                                           "text", "end",   "failed"};
  return kNames[event.index()];
}

/// Drains until the reply has ended, and names what came.
std::vector<std::string> read_all(Reply& reply) {
  std::vector<std::string> names;
  eventually([&] {
    for (const ReplyEvent& event : reply.drain()) names.push_back(name_of(event));
    return !names.empty() && (names.back() == "end" || names.back() == "failed");
  });
  return names;
}

TEST(Reply, TellsOfTheLoadThenOfTheEngine) {
  GeneratorWorld world;
  world.workers.hold();
  Reply reply = world.start();
  world.workers.wait_for(0).progress(0.25);
  const auto early = reply.drain();
  ASSERT_EQ(early.size(), 1u);
  EXPECT_EQ(std::get<LoadProgressEvent>(early.front()).progress, 0.25);
  world.workers.settle(0);
  const auto events = world.events();
  events->push(engine::Admitted{3});
  events->push(engine::PromptProgress{3, 3});
  events->push(engine::TextDelta{.text = "yes", .tokens = 1});
  events->push(engine::Finished{});
  EXPECT_THAT(read_all(reply), ElementsAre("ready", "admitted", "prompt", "text", "end"));
}

TEST(Reply, KeepsOnlyTheLastProgressOfALoad) {
  GeneratorWorld world;
  world.workers.hold();
  Reply reply = world.start();
  const auto load = world.workers.wait_for(0);
  for (const double progress : {0.1, 0.2, 0.3}) load.progress(progress);
  const auto events = reply.drain();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(std::get<LoadProgressEvent>(events.front()).progress, 0.3);
  world.workers.settle(0);
}

TEST(Reply, TheEngineGetsTheRequestAsItWasGiven) {
  GeneratorWorld world;
  Reply reply = world.start("once upon");
  const auto asked = world.workers.script("m")->wait_for(0);
  EXPECT_EQ(std::get<engine::TextInput>(asked.request.input).text, "once upon");
}

TEST(Reply, AFailedLoadIsAnEventAndCountedWithItsReason) {
  GeneratorWorld world;
  world.workers.hold();
  {
    Reply reply = world.start();
    world.workers.settle(0, fail(ErrorCode::OutOfMemory, "m does not fit"));
    EXPECT_THAT(read_all(reply), ElementsAre("failed"));
  }
  EXPECT_THAT(world.counts(), HasSubstr(R"(outcome="failed"} 1)"));
  EXPECT_THAT(world.counts(), HasSubstr(R"(reason="out_of_memory"} 1)"));
  EXPECT_THAT(world.counts(), Not(HasSubstr("cancelled")));
}

TEST(Reply, WhoLeavesWhileTheModelLoadsNeverReachesTheEngine) {
  GeneratorWorld world;
  world.workers.hold();
  {
    Reply reply = world.start();
    world.workers.wait_for(0);
  }
  ASSERT_TRUE(eventually([&] { return world.pool.state("m") == ModelState::Unloaded; }));
  EXPECT_THAT(world.workers.diary(), ElementsAre("start m", "stop m")) << "nobody else waits";
  world.workers.release();
  ASSERT_TRUE(ask(world.pool, "m").get().has_value());
  EXPECT_EQ(world.workers.script("m")->count(), 0u);
  EXPECT_THAT(world.counts(), HasSubstr(R"(outcome="cancelled"} 1)"));
}

TEST(Reply, WhoLeavesWhileItRunsCancelsTheGenerationAndFreesTheModel) {
  GeneratorWorld world;
  std::shared_ptr<engine::EventQueue> events;
  {
    Reply reply = world.start_ready();
    events = world.events();
    EXPECT_FALSE(events->abandoned());
    EXPECT_EQ(ask(world.pool, "other").get().error().code, ErrorCode::Overloaded);
  }
  EXPECT_TRUE(events->abandoned());
  auto other = ask(world.pool, "other");
  world.workers.settle(1);
  EXPECT_TRUE(other.get().has_value());
  EXPECT_THAT(world.counts(), HasSubstr(R"(outcome="cancelled"} 1)"));
}

TEST(Reply, AFinishedOneIsCountedOnceWithItsTokens) {
  GeneratorWorld world;
  {
    Reply reply = world.start();
    world.events()->push(engine::TextDelta{.text = "a"});
    world.events()->push(engine::Finished{
        .usage = {.prompt_tokens = 7, .cached_tokens = 2, .completion_tokens = 5}});
    read_all(reply);
  }
  const std::string counts = world.counts();
  EXPECT_THAT(counts, HasSubstr(R"(hearth_generations_total{outcome="started"} 1)"));
  EXPECT_THAT(counts, HasSubstr(R"(hearth_generations_total{outcome="finished"} 1)"));
  EXPECT_THAT(counts, HasSubstr(R"(hearth_tokens_total{type="prompt"} 7)"));
  EXPECT_THAT(counts, HasSubstr(R"(hearth_tokens_total{type="cached"} 2)"));
  EXPECT_THAT(counts, HasSubstr(R"(hearth_tokens_total{type="completion"} 5)"));
  EXPECT_THAT(counts, HasSubstr("gen_ai_server_time_to_first_token_seconds_count 1"));
  EXPECT_THAT(counts, Not(HasSubstr("cancelled")));
}

TEST(Reply, WhoComesLateIsToldAtOnceOfWhatWaits) {
  GeneratorWorld world;
  Reply reply = world.start_ready();
  int told = 0;
  reply.on_ready([&] { ++told; });
  EXPECT_EQ(told, 1);
  EXPECT_EQ(reply.drain().size(), 1u);
  reply.on_ready([&] { ++told; });
  EXPECT_EQ(told, 1) << "nothing is there";
  reply.on_ready({});
  world.events()->push(engine::Admitted{1});
  reply.on_ready([&] { ++told; });
  EXPECT_EQ(told, 2);
}

TEST(Reply, TheReaderIsToldOfEachNewEvent) {
  GeneratorWorld world;
  Reply reply = world.start_ready();
  reply.drain();
  const auto events = world.events();
  int told = 0;
  reply.on_ready([&] { ++told; });
  events->push(engine::Admitted{1});
  EXPECT_EQ(told, 1);
  events->push(engine::TextDelta{.text = "a"});
  EXPECT_EQ(told, 1) << "it was told already, and has not come yet";
  EXPECT_EQ(reply.drain().size(), 2u);
  events->push(engine::Finished{});
  EXPECT_EQ(told, 2);
}

TEST(Reply, WhoHasLeftIsToldNothing) {
  GeneratorWorld world;
  int told = 0;
  {
    Reply reply = world.start_ready();
    reply.drain();
    reply.on_ready([&] { ++told; });
  }
  world.events()->push(engine::Admitted{1});
  EXPECT_EQ(told, 0);
}

TEST(Reply, TheReaderMayDrainFromWithinItsWake) {
  GeneratorWorld world;
  Reply reply = world.start();
  std::mutex mutex;
  std::vector<std::string> names;
  reply.on_ready([&] {
    for (const ReplyEvent& event : reply.drain()) {
      const std::lock_guard lock(mutex);
      names.push_back(name_of(event));
    }
  });
  const auto events = world.events();
  events->push(engine::Admitted{1});
  events->push(engine::Finished{});
  EXPECT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return names.size() == 3;
  }));
  EXPECT_THAT(names, ElementsAre("ready", "admitted", "end"));
}

TEST(Reply, ManyReadersComeAndGoWhileTheModelLoads) {
  GeneratorWorld world;
  world.workers.hold();
  std::vector<std::thread> readers;
  std::atomic<int> ended = 0;
  for (int i = 0; i < 8; ++i)
    readers.emplace_back([&, i] {
      Reply reply = world.start();
      const auto woken = std::make_shared<std::atomic<int>>(0);
      reply.on_ready([woken] { ++*woken; });
      if (i % 2 == 0) return;  // leaves at once
      ended += read_all(reply).back() == "end" ? 1 : 0;
      EXPECT_GT(*woken, 0);
    });
  std::thread player([&] {
    for (std::size_t i = 0; i < 4; ++i) world.events(i)->push(engine::Finished{});
    // Those who left may have reached the engine first: end whatever else came.
    eventually([&] {
      for (std::size_t i = 4; i < world.workers.script("m")->count(); ++i)
        world.events(i)->push(engine::Finished{});
      return ended == 4;
    });
  });
  world.workers.release();
  for (auto& reader : readers) reader.join();
  player.join();
  EXPECT_EQ(ended, 4);
}

TEST(Generator, CancelEndsAReplyByEitherOfItsNamesAndOnce) {
  for (const std::string name : {"req_7", "chatcmpl-1"}) {
    GeneratorWorld world;
    Reply reply = world.generator.start(
        ModelEntry{.id = "m"}, {.id = "req_7", .input = engine::TextInput{"hi"}}, "chatcmpl-1");
    const auto events = world.events();
    events->push(engine::Admitted{3});
    EXPECT_EQ(world.generator.cancel("req_8"), 0U);
    EXPECT_EQ(world.generator.cancel(name), 1U);
    EXPECT_EQ(read_all(reply).back(), "failed");
    EXPECT_TRUE(reply.cancelled());
    // At once; but whoever brings the request to the engine may still be about to learn of it.
    EXPECT_TRUE(eventually([&] { return events->abandoned(); }));
    EXPECT_EQ(world.generator.cancel(name), 0U);
    EXPECT_THAT(world.counts(), HasSubstr(R"(outcome="cancelled"} 1)"));
  }
}

TEST(Generator, WhoHasEndedOrLeftCannotBeCancelled) {
  GeneratorWorld world;
  {
    Reply reply = world.generator.start(ModelEntry{.id = "m"},
                                        {.id = "req_7", .input = engine::TextInput{"hi"}});
    world.events()->push(engine::Finished{});
    EXPECT_EQ(read_all(reply).back(), "end");
    EXPECT_EQ(world.generator.cancel("req_7"), 0U);
    EXPECT_FALSE(reply.cancelled());
  }
  EXPECT_EQ(world.generator.cancel("req_7"), 0U);
}

TEST(Generator, CancellingWhileTheModelLoadsNeverReachesTheEngine) {
  GeneratorWorld world;
  world.workers.hold();
  Reply reply = world.generator.start(ModelEntry{.id = "m"},
                                      {.id = "req_7", .input = engine::TextInput{"hi"}});
  EXPECT_EQ(world.generator.cancel("req_7"), 1U);
  EXPECT_EQ(read_all(reply).back(), "failed");
  EXPECT_TRUE(eventually([&] { return world.pool.state("m") == ModelState::Unloaded; }));
  world.workers.release();
  ASSERT_TRUE(ask(world.pool, "m").get().has_value());
  EXPECT_EQ(world.workers.script("m")->count(), 0U);
}

TEST(Generator, CancellingFromManyThreadsCountsEachReplyOnce) {
  GeneratorWorld world;
  std::vector<Reply> replies;
  for (int i = 0; i < 50; ++i)
    replies.push_back(world.generator.start(ModelEntry{.id = "m"},
                                            {.id = "same", .input = engine::TextInput{"hi"}}));
  std::atomic<std::size_t> cancelled = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] { cancelled += world.generator.cancel("same"); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(cancelled, 50U);
  for (Reply& reply : replies) EXPECT_EQ(read_all(reply).back(), "failed");
}

TEST(Generator, AnEmptyNameMeansTheModelThatIsServed) {
  GeneratorWorld world;
  EXPECT_EQ(world.generator.find("").error().code, ErrorCode::MissingArgument);
  EXPECT_EQ(world.generator.find("").error().param, "model");
  world.folder.add_model("served");
  world.generator.set_default_model("served");
  EXPECT_EQ(world.generator.find("")->id, "served");
  EXPECT_EQ(world.generator.find("nobody").error().code, ErrorCode::ModelNotFound);
}

TEST(Generator, AModelThatIsNotThereToAnswerSaysWhatItIs) {
  GeneratorWorld world;
  world.folder.add_model("org/some-embedding");
  world.folder.write("org/some-embedding/1_Pooling/config.json", "{}");
  const auto refused = world.generator.find("some-embedding");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::UnsupportedCapability);
  EXPECT_EQ(refused.error().param, "model");
  EXPECT_EQ(refused.error().message,
            "org/some-embedding is an embedding model and answers no prompts: name a text or "
            "vision model; `hearth list` shows the kind of each");
}

}  // namespace
}  // namespace hearth::services
