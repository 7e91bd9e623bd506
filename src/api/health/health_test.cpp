// /healthz, /readyz and /metrics.
#include "api/health/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/testing/api_world.h"

namespace hearth::api::health {
namespace {

using testing::ApiWorld;
using ::testing::HasSubstr;

TEST(Health, TheServerLives) {
  ApiWorld world;
  EXPECT_EQ(world.get({"healthz"}).finish().status(), 200);
}

TEST(Health, ReadyUnlessAModelIsBeingLoaded) {
  ApiWorld world;
  EXPECT_EQ(world.get({"readyz"}).finish().status(), 200);
  world.workers.hold();
  auto loaded = services::testing::ask(world.pool, "org/model");
  world.workers.wait_for(0).progress(0.5);
  auto busy = world.get({"readyz"});
  EXPECT_EQ(busy.finish().status(), 503);
  EXPECT_EQ(busy.body().at("models").at(0).at("progress"), 0.5);
  world.workers.settle(0);
  ASSERT_TRUE(loaded.get().has_value());
  auto ready = world.get({"readyz"});
  EXPECT_EQ(ready.finish().status(), 200);
  EXPECT_EQ(ready.body().at("models").at(0).at("state"), "loaded");
}

TEST(Health, MetricsAreInTheFormOfPrometheus) {
  ApiWorld world;
  world.metrics.http_finished({.route = "/v1/models", .status = 200, .duration_ms = 3});
  auto answer = world.get({"metrics"});
  EXPECT_THAT(answer.finish().header("content-type"), HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(answer.text(),
              HasSubstr(R"(hearth_http_requests_total{route="/v1/models",status="200"} 1)"));
  EXPECT_THAT(answer.text(), HasSubstr("hearth_models_loaded 0"));
}

TEST(Health, MetricsOfAModelGoWithIt) {
  ApiWorld world;
  ASSERT_TRUE(services::testing::ask(world.pool, "org/model").get().has_value());
  engine::EngineStats stats{.running = 2, .pages_used = 5};
  stats.scheduler.pages_cached = 7;
  stats.scheduler.hit_tokens = 750;
  world.workers.script("org/model")->set_stats(stats);
  const std::string loaded = world.get({"metrics"}).finish().text();
  EXPECT_THAT(loaded, HasSubstr(R"(hearth_model_requests{model="org/model",state="running"} 2)"));
  EXPECT_THAT(loaded, HasSubstr(R"(hearth_model_kv_pages{model="org/model",state="used"} 5)"));
  EXPECT_THAT(loaded, HasSubstr(R"(hearth_model_kv_pages{model="org/model",state="cached"} 7)"));
  EXPECT_THAT(loaded,
              HasSubstr(R"(hearth_model_prefix_tokens{model="org/model",state="found"} 750)"));
  EXPECT_THAT(loaded, HasSubstr("hearth_models_loaded 1"));
  world.workers.wait_for(0).on_lost();
  const std::string gone = world.get({"metrics"}).finish().text();
  EXPECT_THAT(gone, ::testing::Not(HasSubstr("org/model")));
}

}  // namespace
}  // namespace hearth::api::health
