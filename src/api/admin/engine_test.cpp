// /admin/api/engine, and how the management API says what is wrong.
#include "api/admin/engine.h"

#include <gtest/gtest.h>

#include "api/testing/api_world.h"

namespace hearth::api::admin {
namespace {

using testing::ApiWorld;

json::object only_model(ApiWorld& world) {
  auto answer = world.get({"admin", "api", "engine"});
  EXPECT_EQ(answer.finish().status(), 200);
  const json::array models = answer.body().at("models").as_array();
  EXPECT_EQ(models.size(), 1U);
  return models.at(0).as_object();
}

TEST(AdminEngine, NothingIsLoadedAtFirst) {
  ApiWorld world;
  EXPECT_TRUE(
      world.get({"admin", "api", "engine"}).finish().body().at("models").as_array().empty());
}

TEST(AdminEngine, AModelThatLoadsHasNoFiguresYet) {
  ApiWorld world;
  world.workers.hold();
  auto loaded = services::testing::ask(world.pool, "org/model");
  world.workers.wait_for(0).progress(0.25);
  const json::object model = only_model(world);
  EXPECT_EQ(model.at("state"), "loading");
  EXPECT_EQ(model.at("progress"), 0.25);
  EXPECT_FALSE(model.contains("queue"));
  world.workers.settle(0);
  EXPECT_TRUE(loaded.get().has_value());
}

TEST(AdminEngine, ALoadedModelShowsQueuePagesAndTotals) {
  ApiWorld world;
  world.load();
  world.workers.script("org/model")
      ->set_stats({.running = 2,
                   .waiting = 3,
                   .pages_used = 5,
                   .pages_total = 64,
                   .steps = 7,
                   .prompt_tokens = 100,
                   .completion_tokens = 40,
                   .active_bytes = 1000,
                   .peak_bytes = 2000});
  const json::object model = only_model(world);
  EXPECT_EQ(model.at("id"), "org/model");
  EXPECT_EQ(model.at("process"), 4711);
  EXPECT_EQ(model.at("model").at("architecture"), "qwen3");
  EXPECT_EQ(model.at("queue").at("running"), 2);
  EXPECT_EQ(model.at("queue").at("waiting"), 3);
  EXPECT_EQ(model.at("pages").at("used"), 5);
  EXPECT_EQ(model.at("pages").at("total"), 64);
  EXPECT_EQ(model.at("totals").at("steps"), 7);
  EXPECT_EQ(model.at("totals").at("completion_tokens"), 40);
  EXPECT_EQ(model.at("memory").at("peak_bytes"), 2000);
}

TEST(AdminEngine, ALoadedModelShowsItsSchedulerAndCache) {
  ApiWorld world;
  world.load();
  engine::EngineStats stats{.waiting = 1};
  stats.scheduler.waiting_by_priority = {0, 0, 1};
  stats.scheduler.queue = {{"req_9", engine::Priority::Low, 2048, 12.5}};
  stats.scheduler.step_tokens = 96;
  stats.scheduler.step_decoding = 3;
  stats.scheduler.lookup_tokens = 1000;
  stats.scheduler.hit_tokens = 750;
  stats.scheduler.pages_cached = 11;
  stats.scheduler.windows_used = 3;
  stats.scheduler.windows_total = 40;
  stats.scheduler.step_times = {{.tokens = 1, .depth = 0, .ms = 2.5}};
  world.workers.script("org/model")->set_stats(stats);
  const json::object model = only_model(world);
  EXPECT_EQ(model.at("queue").at("waiting_by_priority").at("low"), 1);
  EXPECT_EQ(model.at("queue").at("next").at(0).at("id"), "req_9");
  EXPECT_EQ(model.at("queue").at("next").at(0).at("priority"), "low");
  EXPECT_EQ(model.at("batch").at("tokens"), 96);
  EXPECT_EQ(model.at("batch").at("decoding"), 3);
  EXPECT_EQ(model.at("cache").at("hit_rate"), 0.75);
  EXPECT_EQ(model.at("pages").at("cached"), 11);
  EXPECT_EQ(model.at("window_pages").at("used"), 3);
  EXPECT_EQ(model.at("window_pages").at("total"), 40);
  EXPECT_EQ(model.at("step_times").at(0).at("ms"), 2.5);
}

TEST(AdminProblem, AnUnknownAddressIsAProblemWithItsRequestId) {
  ApiWorld world;
  auto answer = world.get({"admin", "api", "nothing"});
  EXPECT_EQ(answer.finish().status(), 404);
  EXPECT_EQ(answer.header("content-type"), "application/problem+json");
  EXPECT_EQ(answer.body().at("status"), 404);
  EXPECT_EQ(answer.body().at("detail"), "nothing");
  EXPECT_EQ(answer.body().at("request_id"), "req_1");
}

TEST(AdminProblem, OtherPathsKeepTheirOwnEnvelope) {
  ApiWorld world;
  EXPECT_TRUE(world.get({"v1", "nothing"}).finish().body().contains("error"));
  EXPECT_TRUE(world.get({"admin"}).finish().body().contains("error"));
}

}  // namespace
}  // namespace hearth::api::admin
