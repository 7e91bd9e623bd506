// The states of downloads and their order, without threads or disks.
#include "services/downloads/download_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::services {
namespace {

using store::DownloadState;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kDownloadsNow = 1000;

struct DownloadQueueWorld {
  DownloadQueue queue;

  std::string add(const std::string& name) {
    return queue.add({.repository = "org/" + name}, name, kDownloadsNow).id;
  }
  std::string begin_next() {
    const auto next = queue.next();
    if (!next) return "";
    queue.begin(next->id, kDownloadsNow);
    return next->id;
  }
  DownloadState state(const std::string& id) const { return queue.find(id)->state; }
  std::vector<std::string> order() const {
    std::vector<std::string> ids;
    for (const auto& row : queue.rows()) ids.push_back(row.id);
    return ids;
  }
  void end(const std::string& id, ErrorCode code) {
    queue.ended(id, fail(code, "it was said"), kDownloadsNow);
  }
};

TEST(DownloadQueue, RunsThemInTheOrderAsked) {
  DownloadQueueWorld world;
  world.add("a");
  world.add("b");
  EXPECT_EQ(world.begin_next(), "a");
  EXPECT_EQ(world.begin_next(), "b");
  EXPECT_EQ(world.begin_next(), "");
  world.queue.planned("a", {.commit = "c", .files = {}, .bytes = 100, .missing = 40},
                      kDownloadsNow);
  EXPECT_EQ(world.state("a"), DownloadState::Downloading);
  EXPECT_EQ(world.queue.find("a")->done, 60U);
  world.queue.ended("a", hub::Snapshot{}, kDownloadsNow);
  EXPECT_EQ(world.state("a"), DownloadState::Completed);
  EXPECT_EQ(world.queue.find("a")->done, 100U);
}

TEST(DownloadQueue, TheSameRequestJoinsUntilItHasEnded) {
  DownloadQueueWorld world;
  world.add("a");
  const auto again = world.queue.add({.repository = "org/a"}, "other", kDownloadsNow);
  EXPECT_TRUE(again.joined);
  EXPECT_EQ(again.id, "a");
  EXPECT_FALSE(
      world.queue.add({.repository = "org/a", .revision = "v2"}, "v2", kDownloadsNow).joined)
      << "another revision is another request";
  ASSERT_TRUE(world.queue.cancel("a", kDownloadsNow));
  EXPECT_FALSE(world.queue.add({.repository = "org/a"}, "new", kDownloadsNow).joined);
  EXPECT_THAT(world.order(), ElementsAre("v2", "new")) << "the ended one gives way";
  EXPECT_THAT(world.queue.take_removed(), ElementsAre("a"));
}

TEST(DownloadQueue, PausedIsNotRunUntilResumed) {
  DownloadQueueWorld world;
  world.add("a");
  ASSERT_TRUE(world.queue.pause("a", kDownloadsNow));
  EXPECT_EQ(world.begin_next(), "");
  ASSERT_TRUE(world.queue.resume("a", kDownloadsNow));
  EXPECT_EQ(world.begin_next(), "a");
}

TEST(DownloadQueue, APausedOneIsNotBegunAnewBeforeItsRunnerHasStopped) {
  DownloadQueueWorld world;
  world.add("a");
  world.begin_next();
  ASSERT_TRUE(world.queue.pause("a", kDownloadsNow));
  EXPECT_FALSE(world.queue.goes_on("a"));
  ASSERT_TRUE(world.queue.resume("a", kDownloadsNow));
  EXPECT_FALSE(world.queue.goes_on("a")) << "the runner was told to stop, and stops";
  EXPECT_EQ(world.begin_next(), "");
  world.end("a", ErrorCode::Cancelled);
  EXPECT_EQ(world.begin_next(), "a");
  EXPECT_TRUE(world.queue.goes_on("a"));
}

TEST(DownloadQueue, WhatWasWholeBeforeItWasStoppedIsCompleted) {
  DownloadQueueWorld world;
  world.add("a");
  world.begin_next();
  ASSERT_TRUE(world.queue.cancel("a", kDownloadsNow));
  world.queue.ended("a", hub::Snapshot{}, kDownloadsNow);
  EXPECT_EQ(world.state("a"), DownloadState::Completed);
}

TEST(DownloadQueue, AFailureIsToldAndCanBeTriedAgain) {
  DownloadQueueWorld world;
  world.add("a");
  world.begin_next();
  world.end("a", ErrorCode::Forbidden);
  EXPECT_EQ(world.state("a"), DownloadState::Failed);
  EXPECT_EQ(world.queue.find("a")->error, "it was said");
  EXPECT_EQ(world.queue.find("a")->error_code, "forbidden");
  ASSERT_TRUE(world.queue.resume("a", kDownloadsNow));
  EXPECT_EQ(world.queue.find("a")->error, "");
  EXPECT_EQ(world.begin_next(), "a");
}

TEST(DownloadQueue, WhatEndsWithTheProgramWaitsForTheNext) {
  DownloadQueueWorld world;
  world.add("a");
  world.begin_next();
  world.end("a", ErrorCode::Cancelled);
  EXPECT_EQ(world.state("a"), DownloadState::Pending);
}

TEST(DownloadQueue, AfterAKillInterruptedOnesWaitAndPausedStaySo) {
  const DownloadQueue queue({{.id = "a", .state = DownloadState::Downloading},
                             {.id = "b", .state = DownloadState::Paused},
                             {.id = "c", .state = DownloadState::Starting},
                             {.id = "d", .state = DownloadState::Failed}});
  EXPECT_EQ(queue.find("a")->state, DownloadState::Pending);
  EXPECT_EQ(queue.find("b")->state, DownloadState::Paused);
  EXPECT_EQ(queue.find("c")->state, DownloadState::Pending);
  EXPECT_EQ(queue.find("d")->state, DownloadState::Failed);
}

TEST(DownloadQueue, MovesAmongThoseThatWait) {
  DownloadQueueWorld world;
  for (const char* name : {"a", "b", "c", "d"}) world.add(name);
  world.begin_next();
  ASSERT_TRUE(world.queue.move("d", 0));
  EXPECT_THAT(world.order(), ElementsAre("a", "d", "b", "c"));
  ASSERT_TRUE(world.queue.move("d", 99));
  EXPECT_THAT(world.order(), ElementsAre("a", "b", "c", "d"));
  const auto running = world.queue.move("a", 1);
  ASSERT_FALSE(running);
  EXPECT_THAT(running.error().message, HasSubstr("starting"));
  std::vector<std::int64_t> places;
  for (const auto& row : world.queue.rows()) places.push_back(row.place);
  EXPECT_TRUE(std::ranges::is_sorted(places)) << "the order is kept over a restart";
}

TEST(DownloadQueue, RefusesWhatMakesNoSense) {
  DownloadQueueWorld world;
  world.add("a");
  EXPECT_EQ(world.queue.pause("x", kDownloadsNow).error().code, ErrorCode::NotFound);
  EXPECT_EQ(world.queue.forget("a").error().code, ErrorCode::InvalidArgument);
  world.begin_next();
  world.queue.ended("a", hub::Snapshot{}, kDownloadsNow);
  EXPECT_THAT(world.queue.pause("a", kDownloadsNow).error().message, HasSubstr("completed"));
  EXPECT_THAT(world.queue.cancel("a", kDownloadsNow).error().message, HasSubstr("completed"));
  EXPECT_THAT(world.queue.resume("a", kDownloadsNow).error().message, HasSubstr("here already"));
  EXPECT_TRUE(world.queue.forget("a"));
  EXPECT_THAT(world.order(), IsEmpty());
}

TEST(DownloadQueue, RemembersOnlySoManyThatHaveEnded) {
  DownloadQueueWorld world;
  for (int i = 0; i < 150; ++i) {
    const std::string id = world.add(std::to_string(i));
    world.begin_next();
    world.queue.ended(id, hub::Snapshot{}, kDownloadsNow);
  }
  EXPECT_LE(world.queue.rows().size(), 102U);
  EXPECT_EQ(world.queue.rows().back().id, "149");
}

}  // namespace
}  // namespace hearth::services
