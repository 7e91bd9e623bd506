// Models of the management API: facts, and when deleting is refused.
#include "api/admin/models.h"

#include <gtest/gtest.h>

#include "api/testing/api_world.h"

namespace hearth::api::admin {
namespace {

using testing::Answer;
using testing::ApiWorld;

Answer erase_model(ApiWorld& world, const std::vector<std::string>& id) {
  std::vector<std::string> path{"admin", "api", "models"};
  path.insert(path.end(), id.begin(), id.end());
  return std::move(world.send(http::Method::Delete, path, "").finish());
}

TEST(ModelsApi, ListsAndShows) {
  ApiWorld world;
  const auto models = world.get({"admin", "api", "models"}).finish().body().at("models").as_array();
  ASSERT_EQ(models.size(), 2U);
  EXPECT_EQ(models.at(1).at("id").as_string(), "org/model");
  EXPECT_EQ(models.at(1).at("state").as_string(), "unloaded");
  const auto one = world.get({"admin", "api", "models", "org", "model"}).finish().body();
  EXPECT_EQ(one.at("context_length").to_number<int>(), 2048);
  EXPECT_EQ(world.get({"admin", "api", "models", "none"}).finish().status(), 404);
}

TEST(ModelsApi, DeletesWhatNobodyUses) {
  ApiWorld world;
  EXPECT_EQ(erase_model(world, {"model"}).status(), 404) << "only by its whole id";
  EXPECT_EQ(erase_model(world, {"org", "model"}).status(), 200);
  EXPECT_EQ(erase_model(world, {"org", "model"}).status(), 404);
}

TEST(ModelsApi, RefusesWhatIsInMemoryOrOnItsWay) {
  ApiWorld world;
  world.load();
  EXPECT_EQ(erase_model(world, {"org", "model"}).status(), 400);
  ASSERT_TRUE(world.downloads->add({.repository = "demo"}));
  EXPECT_EQ(erase_model(world, {"demo"}).status(), 400);
}

TEST(SystemApi, TellsTheMachine) {
  ApiWorld world;
  const auto system = world.get({"admin", "api", "system"}).finish().body();
  EXPECT_GT(system.at("processor").at("cores").to_number<int>(), 0);
  EXPECT_GT(system.at("memory").at("total_bytes").to_number<double>(), 0);
}

}  // namespace
}  // namespace hearth::api::admin
