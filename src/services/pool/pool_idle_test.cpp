// Leaving: for being idle, by request, by hand, and loads that nobody waits for any more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/testing/pool_world.h"

namespace hearth::services {
namespace {

using namespace std::chrono_literals;
using engine::testing::eventually;
using testing::ask;
using ::testing::ElementsAre;
using testing::FakePool;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr KeepAlive kAtOnce{.after = 0ms};
constexpr KeepAlive kForEver{};

TEST(PoolIdle, AfterHalfAnHourWithoutUseAModelLeaves) {
  FakePool pool({});
  ASSERT_TRUE(pool.use("a"));
  pool.pass(29min);
  EXPECT_EQ(pool.seen("a").expires_s, 60);
  ASSERT_TRUE(pool.use("a"));
  pool.pass(29min);
  EXPECT_EQ(pool->state("a"), ModelState::Loaded);
  pool.pass(1min);
  EXPECT_EQ(pool->state("a"), ModelState::Unloaded);
  EXPECT_TRUE(eventually([&] { return pool.workers.has_ended("a"); }));
}

TEST(PoolIdle, WhoIsUsedDoesNotAge) {
  FakePool pool({});
  Lease used = pool.hold("a");
  pool.pass(2h);
  EXPECT_EQ(pool->state("a"), ModelState::Loaded);
  EXPECT_FALSE(pool.seen("a").expires_s.has_value());
  used.reset();
  EXPECT_EQ(pool.seen("a").expires_s, 1800) << "time counts from the last user's end";
}

TEST(PoolIdle, ARequestsWordCountsUntilTheNextWord) {
  FakePool pool({});
  ASSERT_TRUE(pool.use("a", 0, KeepAlive{.after = 10s}));
  ASSERT_TRUE(pool.use("a"));
  EXPECT_EQ(pool.seen("a").expires_s, 10);
  ASSERT_TRUE(pool.use("a", 0, kForEver));
  pool.pass(100h);
  EXPECT_EQ(pool->state("a"), ModelState::Loaded);
  Lease used = pool.hold("a");
  ASSERT_TRUE(pool.use("a", 0, kAtOnce));
  pool.pass(1s);
  EXPECT_EQ(pool->state("a"), ModelState::Loaded) << "somebody else is at it";
  used.reset();
  pool.pass(0s);
  EXPECT_EQ(pool->state("a"), ModelState::Unloaded);
}

TEST(PoolIdle, TheModelsOwnTimeWinsOverThatForAllAndARequestsOverBoth) {
  FakePool pool({});
  pool.set_wishes("a", {.keep = KeepAlive{.after = 60s}});
  pool.set_wishes("b", {.keep = kForEver});
  ASSERT_TRUE(pool.use("a"));
  ASSERT_TRUE(pool.use("b"));
  EXPECT_EQ(pool.seen("a").expires_s, 60);
  EXPECT_FALSE(pool.seen("b").expires_s.has_value());
  ASSERT_TRUE(pool.use("a", 0, KeepAlive{.after = 5s}));
  EXPECT_EQ(pool.seen("a").expires_s, 5);
}

TEST(PoolIdle, AChangedTimeCountsForWhoIsLoadedAlready) {
  FakePool pool({});
  ASSERT_TRUE(pool.use("a"));
  pool.set_wishes("a", {.keep = KeepAlive{.after = 90s}});
  pool.pass(1s);
  EXPECT_EQ(pool.seen("a").expires_s, 89);
  pool.set_wishes("a", {});
  pool.pass(1s);
  EXPECT_EQ(pool.seen("a").expires_s, 1798);
  Lease used = pool.hold("a");
  pool.set_wishes("a", {.keep = kAtOnce});
  pool.pass(1s);
  EXPECT_EQ(pool->state("a"), ModelState::Loaded);
  used.reset();
  pool.pass(0s);
  EXPECT_EQ(pool->state("a"), ModelState::Unloaded);
}

TEST(PoolIdle, APinOutweighsEverythingButAnOrder) {
  FakePool pool({});
  pool->edit("a", [](auto& row) { row.pinned = true; });
  ASSERT_TRUE(pool.use("a", 0, kAtOnce));
  pool.pass(100h);
  EXPECT_EQ(pool->state("a"), ModelState::Loaded);
  EXPECT_THAT(pool->evict(0), IsEmpty());
  EXPECT_EQ(pool->unload("a"), Pool::Unload::Unloaded);
  EXPECT_EQ(pool->state("a"), ModelState::Unloaded);
  EXPECT_TRUE(pool->known("a").pinned) << "the pin outlives it";
}

TEST(PoolIdle, UnloadWaitsForThoseWhoUseIt) {
  FakePool pool({});
  EXPECT_EQ(pool->unload("a"), Pool::Unload::NotLoaded);
  Lease used = pool.hold("a");
  EXPECT_EQ(pool->unload("a"), Pool::Unload::AfterUse);
  EXPECT_TRUE(pool.seen("a").leaving);
  pool.pass(1s);
  EXPECT_EQ(pool->state("a"), ModelState::Loaded);
  used.reset();
  pool.pass(0s);
  EXPECT_EQ(pool->state("a"), ModelState::Unloaded);
}

TEST(PoolIdle, UnloadEndsALoad) {
  FakePool pool({});
  pool.workers.hold();
  auto answer = ask(*pool, "a");
  pool.workers.wait_for(0);
  EXPECT_EQ(pool->unload("a"), Pool::Unload::LoadCancelled);
  EXPECT_EQ(answer.get().error().code, ErrorCode::Cancelled);
  EXPECT_TRUE(eventually([&] { return pool->state("a") == ModelState::Unloaded; }));
  EXPECT_THAT(pool.workers.diary(), ElementsAre("start a", "stop a"));
}

TEST(PoolIdle, ALoadEndsWithTheLastWhoWaits) {
  FakePool pool({});
  pool.workers.hold();
  const ModelEntry model{.id = "a"};
  const WaitId first = pool->acquire(model, [](auto) { ADD_FAILURE(); });
  const WaitId second = pool->acquire(model, [](auto) { ADD_FAILURE(); });
  pool.workers.wait_for(0);
  pool->leave(first);
  EXPECT_EQ(pool.seen("a").users, 1U);
  EXPECT_THAT(pool.workers.diary(), ElementsAre("start a"));
  pool->leave(second);
  EXPECT_TRUE(eventually([&] { return pool->state("a") == ModelState::Unloaded; }));
  EXPECT_THAT(pool.workers.diary(), ElementsAre("start a", "stop a"));
}

TEST(PoolIdle, WhoComesWhileALoadIsCancelledGetsANewOne) {
  FakePool pool({});
  pool.workers.hold();
  pool.workers.die_slowly();
  const WaitId wait = pool->acquire(ModelEntry{.id = "a"}, [](auto) { ADD_FAILURE(); });
  pool.workers.wait_for(0);
  pool->leave(wait);
  auto late = ask(*pool, "a");  // the load is still in the list while its process ends
  pool.workers.settle(0, fail(ErrorCode::EngineLost, "killed"));
  pool.workers.settle(1);
  EXPECT_TRUE(late.get().has_value());
  EXPECT_EQ(pool.workers.loads(), 2U);
}

TEST(PoolIdle, EvictingStopsWhereEnoughIsFree) {
  FakePool pool({});
  for (const char* model : {"a", "b", "c"}) {
    ASSERT_TRUE(pool.use(model, 100));
    pool.pass(1s);
  }
  EXPECT_THAT(pool->evict(150), ElementsAre("a", "b"));
  EXPECT_THAT(pool->evict(0), ElementsAre("c"));
}

TEST(PoolIdle, AWarmUpIsReadBeforeAnybodyIsServed) {
  FakePool pool({.warm_up = "Hello"});
  auto answer = ask(*pool, "a");
  const auto asked = pool.workers.script("a")->wait_for(0);
  EXPECT_EQ(std::get<engine::TextInput>(asked.request.input).text, "Hello");
  EXPECT_EQ(asked.request.max_tokens, 1U);
  EXPECT_EQ(pool->state("a"), ModelState::Loading);
  asked.events->push(engine::Finished{});
  EXPECT_TRUE(answer.get().has_value());
}

TEST(PoolIdle, AWorkerThatDiesOverItsWarmUpIsAFailedLoad) {
  FakePool pool({.warm_up = "Hello"});
  auto answer = ask(*pool, "a");
  const auto asked = pool.workers.script("a")->wait_for(0);
  pool.workers.wait_for(0).on_lost();
  pool.pass(1s);
  EXPECT_EQ(pool->state("a"), ModelState::Loading) << "the load's own thread will notice";
  asked.events->push(engine::Failed{{.code = ErrorCode::EngineLost, .message = "gone"}});
  EXPECT_EQ(answer.get().error().code, ErrorCode::EngineLost);
  EXPECT_EQ(pool->state("a"), ModelState::Unloaded);
}

TEST(PoolIdle, AWarmUpThatFailsHindersNobody) {
  FakePool pool({.warm_up = "Hello"});
  auto answer = ask(*pool, "a");
  pool.workers.script("a")->wait_for(0).events->push(
      engine::Failed{{.code = ErrorCode::InvalidArgument, .message = "no such word"}});
  EXPECT_TRUE(answer.get().has_value());
}

TEST(PoolIdle, ChangesAreTold) {
  FakePool pool({});
  std::atomic<int> news = 0;
  {
    const auto subscription = pool->subscribe([&] { ++news; });
    ASSERT_TRUE(pool.use("a"));
    EXPECT_GT(news, 0);
    news = 0;
    pool->unload("a");
    EXPECT_GT(news, 0);
  }
  news = 0;
  pool->edit("a", [](auto& row) { row.pinned = true; });
  EXPECT_EQ(news, 0);
}

TEST(PoolIdle, AThreadOfItsOwnKeepsTheTime) {
  testing::FakeWorkers workers;
  Pool pool({.limits = {.idle = kAtOnce}, .tick_every = 1h}, {.start = workers.starter()});
  ASSERT_TRUE(ask(pool, "a").get().has_value());
  EXPECT_TRUE(eventually([&] { return workers.has_ended("a"); })) << "the last user wakes it";
}

TEST(PoolIdle, RequestsForOneModelGoOnWhileAnotherLoads) {
  FakePool pool({});
  const Lease talking = pool.hold("a");
  pool.workers.hold();
  auto loading = ask(*pool, "b");
  pool.workers.wait_for(1);
  EXPECT_EQ(pool.hold("a"), talking);
  auto generation = talking->submit({.input = engine::TextInput{"hi"}});
  pool.workers.script("a")->wait_for(0).events->push(engine::Finished{});
  EXPECT_EQ(generation->wait().size(), 1U);
  pool.workers.settle(1);
  EXPECT_TRUE(loading.get().has_value());
}

}  // namespace
}  // namespace hearth::services
