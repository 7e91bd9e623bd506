// Sharing loads, forgetting lost workers, making room, and closing.
#include "services/pool/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

#include "services/testing/fake_workers.h"

namespace hearth::services {
namespace {

using engine::testing::eventually;
using testing::ask;
using ::testing::ElementsAre;
using testing::FakeWorkers;

Error broken_config() {
  return {.code = ErrorCode::CorruptData, .message = "load a: config.json: broken"};
}

TEST(Pool, AllWhoWaitShareOneLoad) {
  FakeWorkers workers;
  workers.hold();
  Pool pool(2, workers.starter());
  auto first = ask(pool, "a");
  auto second = ask(pool, "a");
  workers.settle(0);
  const Lease engine = *first.get();
  EXPECT_EQ(engine, *second.get());
  EXPECT_EQ(engine.get(), ask(pool, "a").get()->get());
  EXPECT_EQ(workers.loads(), 1u);
}

TEST(Pool, FailureReachesAllWhoWaitAndTheNextRequestTriesAgain) {
  FakeWorkers workers;
  workers.hold();
  Pool pool(1, workers.starter());
  auto first = ask(pool, "a");
  auto second = ask(pool, "a");
  workers.settle(0, fail(broken_config()));
  EXPECT_EQ(first.get().error().message, broken_config().message);
  EXPECT_EQ(second.get().error().code, ErrorCode::CorruptData);
  EXPECT_EQ(pool.state("a"), ModelState::Unloaded);
  auto third = ask(pool, "a");
  workers.settle(1);
  EXPECT_TRUE(third.get().has_value());
}

TEST(Pool, ListTellsHowFarALoadIsAndWhatIsLoaded) {
  FakeWorkers workers;
  workers.hold();
  Pool pool(2, workers.starter());
  auto ready = ask(pool, "a");
  workers.wait_for(0).progress(0.25);
  ASSERT_EQ(pool.list().size(), 1u);
  EXPECT_EQ(pool.list().front().id, "a");
  EXPECT_EQ(pool.list().front().state, ModelState::Loading);
  EXPECT_EQ(pool.list().front().progress, 0.25);
  EXPECT_EQ(pool.state("a"), ModelState::Loading);
  EXPECT_EQ(name(pool.state("a")), "loading");

  workers.script("a")->set_stats({.running = 3});
  workers.settle(0);
  ASSERT_TRUE(ready.get().has_value());
  const LoadedModel loaded = pool.list().front();
  EXPECT_EQ(loaded.state, ModelState::Loaded);
  EXPECT_EQ(loaded.process, 4711);
  EXPECT_EQ(loaded.info.context_length, 512u);
  EXPECT_EQ(loaded.stats.running, 3u);
}

TEST(Pool, ProgressReachesWhoWaitsBeforeReady) {
  FakeWorkers workers;
  workers.hold();
  Pool pool(1, workers.starter());
  std::promise<void> done;
  std::vector<double> told;
  pool.acquire(
      ModelEntry{.id = "a"}, [&](const Result<Lease>&) { done.set_value(); },
      [&](double progress) { told.push_back(progress); });
  const auto load = workers.wait_for(0);
  load.progress(0.5);
  load.progress(1);
  workers.settle(0);
  done.get_future().wait();
  EXPECT_THAT(told, ElementsAre(0.5, 1));
}

TEST(Pool, ALostWorkerIsForgottenAndTheNextRequestStartsANewOne) {
  FakeWorkers workers;
  Pool pool(1, workers.starter());
  const Lease broken = *ask(pool, "a").get();
  workers.wait_for(0).on_lost();
  EXPECT_EQ(pool.state("a"), ModelState::Unloaded);
  EXPECT_TRUE(pool.list().empty());
  const Lease fresh = *ask(pool, "a").get();
  EXPECT_NE(fresh, broken);
  EXPECT_EQ(workers.loads(), 2u);
  EXPECT_TRUE(eventually([&] { return workers.has_ended("a"); }));
}

TEST(Pool, ALostWorkerMakesRoomAlthoughSomebodyHoldsIt) {
  FakeWorkers workers;
  Pool pool(1, workers.starter());
  const Lease broken = *ask(pool, "a").get();
  workers.wait_for(0).on_lost();
  EXPECT_TRUE(ask(pool, "b").get().has_value());
}

TEST(Pool, TheOneUnusedForLongestGoesFirst) {
  FakeWorkers workers;
  Pool pool(2, workers.starter());
  ASSERT_TRUE(ask(pool, "a").get().has_value());
  ASSERT_TRUE(ask(pool, "b").get().has_value());
  ASSERT_TRUE(ask(pool, "a").get().has_value());
  ASSERT_TRUE(ask(pool, "c").get().has_value());
  EXPECT_THAT(workers.diary(), ElementsAre("start a", "start b", "end b", "start c"));
  EXPECT_EQ(pool.state("a"), ModelState::Loaded);
  EXPECT_EQ(pool.state("b"), ModelState::Unloaded);
}

TEST(Pool, UseCountsFromItsEndNotFromItsBeginning) {
  FakeWorkers workers;
  Pool pool(2, workers.starter());
  Lease long_answer = *ask(pool, "a").get();
  ASSERT_TRUE(ask(pool, "b").get().has_value());
  long_answer.reset();
  ASSERT_TRUE(ask(pool, "c").get().has_value());
  EXPECT_TRUE(workers.has_ended("b"));
  EXPECT_FALSE(workers.has_ended("a"));
}

TEST(Pool, AModelInUseIsNeverUnloaded) {
  FakeWorkers workers;
  Pool pool(1, workers.starter());
  Lease used = *ask(pool, "a").get();
  const auto refused = ask(pool, "b").get();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::Overloaded);
  EXPECT_TRUE(refused.error().retry_after.has_value());
  EXPECT_FALSE(workers.has_ended("a"));
  used.reset();
  EXPECT_TRUE(ask(pool, "b").get().has_value());
  EXPECT_TRUE(workers.has_ended("a"));
}

TEST(Pool, AModelThatLoadsIsInUse) {
  FakeWorkers workers;
  workers.hold();
  Pool pool(1, workers.starter());
  auto loading = ask(pool, "a");
  EXPECT_EQ(ask(pool, "b").get().error().code, ErrorCode::Overloaded);
  workers.settle(0);
  EXPECT_TRUE(loading.get().has_value());
}

TEST(Pool, CloseEndsWorkersAndRefusesNewRequests) {
  FakeWorkers workers;
  Pool pool(2, workers.starter());
  const Lease used = *ask(pool, "a").get();
  pool.close();
  EXPECT_TRUE(workers.has_ended("a"));
  EXPECT_EQ(ask(pool, "a").get().error().code, ErrorCode::Cancelled);
  EXPECT_TRUE(pool.list().empty());
}

TEST(Pool, CloseWhileLoadingCancelsWhoWaits) {
  FakeWorkers workers;
  workers.hold();
  Pool pool(1, workers.starter());
  auto waiting = ask(pool, "a");
  workers.wait_for(0);
  pool.close();
  const auto answer = waiting.get();
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::Cancelled);
  EXPECT_THAT(workers.diary(), ElementsAre("start a", "stop a"));
}

TEST(Pool, ManyThreadsAskWhileWorkersDie) {
  FakeWorkers workers;
  Pool pool(2, workers.starter());
  std::vector<std::thread> threads;
  std::atomic<int> served = 0;
  for (unsigned seed = 0; seed < 4; ++seed)
    threads.emplace_back([&, seed] {
      std::minstd_rand random(seed + 1);
      for (int i = 0; i < 50; ++i) {
        const auto answer = ask(pool, std::string(1, static_cast<char>('a' + random() % 3))).get();
        if (!answer) continue;
        EXPECT_EQ((*answer)->model().architecture, "qwen3");
        ++served;
        if (random() % 8 == 0) workers.wait_for(workers.loads() - 1).on_lost();
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_GT(served, 0);
  const auto models = pool.list();
  EXPECT_LE(std::count_if(models.begin(), models.end(),
                          [](const auto& model) { return model.state == ModelState::Loaded; }),
            2);
}

}  // namespace
}  // namespace hearth::services
