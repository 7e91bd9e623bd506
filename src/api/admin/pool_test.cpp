// Orders over HTTP: loading, unloading, pins, limits and the stream of events.
#include "api/admin/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/testing/api_world.h"

namespace hearth::api::admin {
namespace {

using engine::testing::eventually;
using services::ModelState;
using testing::Answer;
using testing::ApiWorld;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// An order for "org/model".
Answer order(ApiWorld& world, const std::string& what, const std::string& body = "") {
  return world.send(http::Method::Post, {"admin", "api", "models", "org", "model", what}, body);
}
json::object done(Answer answer) {
  EXPECT_EQ(answer.finish().status(), 200) << answer.text();
  return answer.body();
}
Answer put_pool(ApiWorld& world, const std::string& body) {
  return std::move(world.send(http::Method::Put, {"admin", "api", "pool"}, body).finish());
}

TEST(PoolApi, LoadAnswersWhenTheModelIsThere) {
  ApiWorld world;
  world.workers.hold();
  auto answer = order(world, "load", R"({"keep_alive":"10m"})");
  world.workers.wait_for(0);
  EXPECT_FALSE(answer.advance());
  world.workers.settle(0);
  const json::object model = done(std::move(answer));
  EXPECT_EQ(model.at("state"), "loaded");
  EXPECT_EQ(model.at("process"), 4711);
  EXPECT_EQ(model.at("users"), 0) << "loading is no use";
  EXPECT_NEAR(model.at("expires_s").to_number<double>(), 600, 5);
}

TEST(PoolApi, LoadWithoutWaitingAnswersAtOnce) {
  ApiWorld world;
  world.workers.hold();
  EXPECT_EQ(order(world, "load", R"({"wait":false})").finish().status(), 202);
  world.workers.settle(0);
  EXPECT_TRUE(eventually([&] { return world.pool.state("org/model") == ModelState::Loaded; }));
}

TEST(PoolApi, AFailedLoadIsAProblemAndAnUnknownModelToo) {
  ApiWorld world;
  world.workers.hold();
  auto answer = order(world, "load");
  world.workers.settle(0, fail(ErrorCode::CorruptData, "load org/model: broken"));
  EXPECT_EQ(answer.finish().status(), 500);
  EXPECT_EQ(answer.body().at("detail"), "load org/model: broken");
  EXPECT_EQ(world.send(http::Method::Post, {"admin", "api", "models", "no", "load"}, "")
                .finish()
                .status(),
            404);
  EXPECT_EQ(order(world, "load", R"({"keep_alive":"soon"})").finish().status(), 400);
}

TEST(PoolApi, WhoLeavesEndsTheLoad) {
  ApiWorld world;
  world.workers.hold();
  {
    const auto answer = order(world, "load");
    world.workers.wait_for(0);
  }
  EXPECT_TRUE(eventually([&] { return world.pool.state("org/model") == ModelState::Unloaded; }));
  EXPECT_THAT(world.workers.diary(), ElementsAre("start org/model", "stop org/model"));
}

TEST(PoolApi, CancelEndsALoadAndNothingElse) {
  ApiWorld world;
  EXPECT_EQ(order(world, "cancel").finish().status(), 400);
  world.workers.hold();
  auto waiting = order(world, "load");
  world.workers.wait_for(0);
  EXPECT_EQ(done(order(world, "cancel")).at("outcome"), "load_cancelled");
  EXPECT_EQ(waiting.finish().status(), 499);
  auto again = order(world, "load");
  world.workers.wait_for(1);
  EXPECT_EQ(world.send(http::Method::Delete, {"admin", "api", "models", "org", "model", "load"}, "")
                .finish()
                .status(),
            200);
  EXPECT_EQ(again.finish().status(), 499);
}

TEST(PoolApi, UnloadSaysHow) {
  ApiWorld world;
  EXPECT_EQ(done(order(world, "unload")).at("outcome"), "not_loaded");
  world.load();
  EXPECT_EQ(done(order(world, "unload")).at("outcome"), "unloaded");
  world.load();
  auto answer = world.chat(R"({"messages":[{"role":"user","content":"hi"}]})");
  world.asked(0);
  const json::object after = done(order(world, "unload"));
  EXPECT_EQ(after.at("outcome"), "after_use");
  EXPECT_EQ(after.at("leaving"), true);
  world.play(0, "done");
  EXPECT_EQ(answer.finish().status(), 200);
}

TEST(PoolApi, PinsPreloadsAndKeepsAlive) {
  ApiWorld world;
  EXPECT_EQ(done(order(world, "pin")).at("pinned"), true);
  EXPECT_EQ(done(order(world, "unpin")).at("pinned"), false);
  EXPECT_EQ(done(order(world, "preload")).at("preload"), true);
  EXPECT_TRUE(eventually([&] { return world.pool.state("org/model") == ModelState::Loaded; }));
  EXPECT_EQ(done(order(world, "preload", R"({"preload":false})")).at("preload"), false);
  const auto keep = [&](const std::string& body) {
    return done(world.send(http::Method::Put,
                           {"admin", "api", "models", "org", "model", "keep_alive"}, body));
  };
  EXPECT_EQ(keep(R"({"keep_alive":"2m"})").at("keep_alive"), "120");
  EXPECT_TRUE(keep(R"({"keep_alive":null})").at("keep_alive").is_null());
}

TEST(PoolApi, ShowsTheModelsAndTheLimits) {
  ApiWorld world;
  world.load();
  const json::object pool = world.get({"admin", "api", "pool"}).finish().body();
  EXPECT_EQ(pool.at("limits").at("max_loaded"), 2);
  EXPECT_EQ(pool.at("models").at(0).at("id"), "org/model");
  EXPECT_GT(pool.at("memory").at("total_bytes").to_number<double>(), 0);
  EXPECT_EQ(world.get({"v1", "manager", "status"}).finish().status(), 200);
  const json::object health = world.get({"v1", "models", "org", "model", "health"}).finish().body();
  EXPECT_EQ(health.at("healthy"), true);
}

TEST(PoolApi, LimitsChangeAtOnce) {
  ApiWorld world;
  world.load();
  EXPECT_EQ(put_pool(world, R"({"memory":"50%","eviction":"lfu","keep_alive":60})").status(), 200);
  const json::object limits =
      world.get({"admin", "api", "pool"}).finish().body().at("limits").as_object();
  EXPECT_EQ(limits.at("memory_percent").to_number<double>(), 50);
  EXPECT_EQ(limits.at("eviction"), "lfu");
  EXPECT_EQ(limits.at("keep_alive"), "60");
  EXPECT_EQ(limits.at("max_loaded"), 2) << "what is not named stays";
  EXPECT_EQ(put_pool(world, R"({"keep_alive":0})").status(), 200);
  EXPECT_EQ(world.pool.state("org/model"), ModelState::Unloaded);
}

TEST(PoolApi, ChangedLimitsAreToldAndNullGivesThemBack) {
  ApiWorld world;
  const auto limits = [&](const std::string& body) {
    return done(put_pool(world, body)).at("limits").as_object();
  };
  EXPECT_EQ(limits(R"({"max_loaded":1,"keep_alive":"5m"})").at("changed"),
            json::array({"max_loaded", "keep_alive"}));
  const json::object back = limits(R"({"max_loaded":null})");
  EXPECT_EQ(back.at("max_loaded"), 2);
  EXPECT_EQ(back.at("keep_alive"), "300") << "what is not named stays";
  EXPECT_EQ(back.at("changed"), json::array({"keep_alive"}));
}

TEST(PoolApi, WrongLimitsAreNamed) {
  ApiWorld world;
  for (const auto& [body, path] : {std::pair(R"({"memory":"lots"})", "memory"),
                                   std::pair(R"({"max_loaded":65})", "max_loaded"),
                                   std::pair(R"({"eviction":"fifo"})", "eviction"),
                                   std::pair(R"({"keep_alive":"x"})", "keep_alive")}) {
    const Answer answer = put_pool(world, body);
    EXPECT_EQ(answer.status(), 400);
    EXPECT_EQ(answer.body().at("errors").at(0).at("path"), path) << body;
  }
}

TEST(PoolApi, EvictUnloadsWhatNobodyUses) {
  ApiWorld world;
  world.load();
  auto answer = world.send(http::Method::Post, {"admin", "api", "models", "evict"}, "");
  EXPECT_EQ(done(std::move(answer)).at("unloaded"), json::array({"org/model"}));
}

TEST(PoolApi, EventsTellOfLoads) {
  ApiWorld world;
  world.workers.hold();
  auto events = world.get({"admin", "api", "models", "events"});
  events.advance();
  EXPECT_EQ(events.events().back().at("models").as_array().size(), 0U);
  auto loading = order(world, "load");
  world.workers.wait_for(0).progress(0.5);
  events.advance();
  EXPECT_EQ(events.events().back().at("models").at(0).at("progress"), 0.5);
  world.workers.settle(0);
  done(std::move(loading));
  events.advance();
  EXPECT_EQ(events.events().back().at("models").at(0).at("state"), "loaded");
  done(order(world, "unload"));
  events.advance();
  EXPECT_EQ(events.events().back().at("removed"), json::array({"org/model"}));
}

}  // namespace
}  // namespace hearth::api::admin
