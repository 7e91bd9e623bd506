// The states of conversions and their order, without threads or disks.
#include "services/conversions/conversion_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::services {
namespace {

using store::ConversionRow;
using store::ConversionState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kConversionsNow = 1000;

struct ConversionQueueWorld {
  ConversionQueue queue;

  std::string add(const std::string& name) {
    return queue.add({.id = name, .model = name, .target = "/made/" + name}, kConversionsNow)->id;
  }
  std::string begin_next() {
    const auto next = queue.next();
    if (!next) return "";
    queue.claim(next->id);
    queue.begin(next->id, kConversionsNow);
    return next->id;
  }
  ConversionState state(const std::string& id) const { return queue.find(id)->state; }
  std::vector<std::string> order() const {
    std::vector<std::string> ids;
    for (const auto& row : queue.rows()) ids.push_back(row.id);
    return ids;
  }
  void end(const std::string& id, ErrorCode code) {
    queue.ended(id, fail(code, "it was said"), kConversionsNow);
  }
};

TEST(ConversionQueue, RunsThemInTheOrderAsked) {
  ConversionQueueWorld world;
  world.add("a");
  world.add("b");
  EXPECT_EQ(world.begin_next(), "a");
  EXPECT_EQ(world.state("a"), ConversionState::Running);
  EXPECT_TRUE(world.queue.find("a")->begun);
  world.queue.ended("a", std::string("{}"), kConversionsNow);
  EXPECT_EQ(world.state("a"), ConversionState::Completed);
  EXPECT_EQ(world.queue.find("a")->result, "{}");
  EXPECT_EQ(world.begin_next(), "b");
  EXPECT_EQ(world.begin_next(), "");
}

TEST(ConversionQueue, TheSameRequestJoinsAndAnotherOfTheSameTargetIsRefused) {
  ConversionQueueWorld world;
  world.add("a");
  const auto again =
      world.queue.add({.id = "other", .model = "a", .target = "/made/a"}, kConversionsNow);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->joined);
  EXPECT_EQ(again->id, "a");
  ConversionRow different{
      .id = "new", .model = "a", .target = "/made/a", .options = R"({"bits":8})"};
  const auto refused = world.queue.add(different, kConversionsNow);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("/made/a is being made already"));
  ASSERT_TRUE(world.queue.cancel("a", kConversionsNow));
  EXPECT_FALSE(world.queue.add(different, kConversionsNow)->joined);
  EXPECT_THAT(world.order(), ElementsAre("new")) << "the ended one gives way";
  EXPECT_THAT(world.queue.take_removed(), ElementsAre("a"));
}

TEST(ConversionQueue, ACancelledOneIsNotBegunAnewBeforeItsRunnerHasStopped) {
  ConversionQueueWorld world;
  world.add("a");
  world.begin_next();
  ASSERT_TRUE(world.queue.cancel("a", kConversionsNow));
  EXPECT_FALSE(world.queue.goes_on("a"));
  ASSERT_TRUE(world.queue.retry("a", kConversionsNow));
  EXPECT_FALSE(world.queue.goes_on("a")) << "the runner was told to stop, and stops";
  EXPECT_EQ(world.begin_next(), "");
  world.end("a", ErrorCode::Cancelled);
  EXPECT_EQ(world.begin_next(), "a");
  EXPECT_TRUE(world.queue.goes_on("a"));
}

TEST(ConversionQueue, OneThatIsCancelledWhileItLooksForRoomDoesNotBegin) {
  ConversionQueueWorld world;
  world.add("a");
  world.queue.claim("a");
  ASSERT_TRUE(world.queue.cancel("a", kConversionsNow));
  world.queue.begin("a", kConversionsNow);
  EXPECT_EQ(world.state("a"), ConversionState::Cancelled);
  world.end("a", ErrorCode::Cancelled);
  EXPECT_EQ(world.state("a"), ConversionState::Cancelled);
}

TEST(ConversionQueue, WhatWasWholeBeforeItWasStoppedIsCompleted) {
  ConversionQueueWorld world;
  world.add("a");
  world.begin_next();
  ASSERT_TRUE(world.queue.cancel("a", kConversionsNow));
  world.queue.ended("a", std::string("{}"), kConversionsNow);
  EXPECT_EQ(world.state("a"), ConversionState::Completed);
}

TEST(ConversionQueue, AFailureIsToldAndCanBeTriedAgain) {
  ConversionQueueWorld world;
  world.add("a");
  world.begin_next();
  world.end("a", ErrorCode::EngineLost);
  EXPECT_EQ(world.state("a"), ConversionState::Failed);
  EXPECT_EQ(world.queue.find("a")->error, "it was said");
  EXPECT_EQ(world.queue.find("a")->error_code, "engine_lost");
  ASSERT_TRUE(world.queue.retry("a", kConversionsNow));
  EXPECT_EQ(world.queue.find("a")->error, "");
  EXPECT_FALSE(world.queue.find("a")->begun);
  EXPECT_EQ(world.begin_next(), "a");
}

TEST(ConversionQueue, OneThatHasToWaitSaysWhyAndForgetsItWhenItBegins) {
  ConversionQueueWorld world;
  world.add("a");
  const ConversionRow claimed = *world.queue.next();
  world.queue.claim("a");
  world.queue.take_changed();
  const Error why{.code = ErrorCode::Overloaded, .message = "no memory"};
  world.queue.put_off(claimed, why, kConversionsNow + 1);
  EXPECT_EQ(world.queue.find("a")->error, "no memory");
  EXPECT_EQ(world.queue.take_changed().size(), 1U);
  world.queue.claim("a");
  world.queue.put_off(claimed, why, kConversionsNow + 2);
  EXPECT_THAT(world.queue.take_changed(), IsEmpty()) << "nothing is new";
  EXPECT_EQ(world.begin_next(), "a");
  EXPECT_EQ(world.queue.find("a")->error, "");
}

TEST(ConversionQueue, AfterAKillInterruptedOnesWaitAndKnowThatTheyHadBegun) {
  const ConversionQueue queue({{.id = "a", .state = ConversionState::Running, .begun = true},
                               {.id = "b", .state = ConversionState::Failed},
                               {.id = "c"}});
  EXPECT_EQ(queue.find("a")->state, ConversionState::Pending);
  EXPECT_TRUE(queue.find("a")->begun);
  EXPECT_EQ(queue.find("b")->state, ConversionState::Failed);
  EXPECT_EQ(queue.next()->id, "a");
}

TEST(ConversionQueue, WhatEndsWithTheProgramWaitsForTheNext) {
  ConversionQueueWorld world;
  world.add("a");
  world.begin_next();
  world.end("a", ErrorCode::Cancelled);
  EXPECT_EQ(world.state("a"), ConversionState::Pending);
  EXPECT_TRUE(world.queue.find("a")->begun);
}

TEST(ConversionQueue, MovesAmongThoseThatWait) {
  ConversionQueueWorld world;
  for (const char* name : {"a", "b", "c", "d"}) world.add(name);
  world.begin_next();
  ASSERT_TRUE(world.queue.move("d", 0));
  EXPECT_THAT(world.order(), ElementsAre("a", "d", "b", "c"));
  const auto running = world.queue.move("a", 1);
  ASSERT_FALSE(running);
  EXPECT_THAT(running.error().message, HasSubstr("running"));
}

TEST(ConversionQueue, RefusesWhatMakesNoSense) {
  ConversionQueueWorld world;
  world.add("a");
  EXPECT_EQ(world.queue.cancel("x", kConversionsNow).error().code, ErrorCode::NotFound);
  EXPECT_EQ(world.queue.forget("a").error().code, ErrorCode::InvalidArgument);
  world.begin_next();
  world.queue.ended("a", std::string("{}"), kConversionsNow);
  EXPECT_THAT(world.queue.cancel("a", kConversionsNow).error().message, HasSubstr("completed"));
  EXPECT_THAT(world.queue.retry("a", kConversionsNow).error().message, HasSubstr("made already"));
  EXPECT_TRUE(world.queue.forget("a"));
  EXPECT_THAT(world.order(), IsEmpty());
}

TEST(ConversionQueue, RemembersOnlySoManyThatHaveEnded) {
  ConversionQueueWorld world;
  for (int i = 0; i < 150; ++i) {
    const std::string id = world.add(std::to_string(i));
    world.begin_next();
    world.queue.ended(id, std::string("{}"), kConversionsNow);
  }
  EXPECT_LE(world.queue.rows().size(), 102U);
  EXPECT_EQ(world.queue.rows().back().id, "149");
}

}  // namespace
}  // namespace hearth::services
