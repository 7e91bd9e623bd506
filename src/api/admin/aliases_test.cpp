// Aliases answer as what they stand for.
#include "api/admin/aliases.h"

#include <gtest/gtest.h>

#include "api/testing/api_world.h"

namespace hearth::api::admin {
namespace {

using testing::ApiWorld;

TEST(Aliases, AnswerAsWhatTheyStandFor) {
  ApiWorld world;
  EXPECT_EQ(world.get({"v1", "admin", "models"}).finish().text(),
            world.get({"admin", "api", "models"}).finish().text());
  EXPECT_EQ(
      world.get({"v1", "admin", "models", "org", "model"}).finish().body().at("id").as_string(),
      "org/model");
  EXPECT_EQ(world.get({"v1", "system", "status"}).finish().status(), 200);
  EXPECT_EQ(world.send(http::Method::Post, {"v1", "models", "install"}, R"({"model":"a/b"})")
                .finish()
                .status(),
            201);
  EXPECT_EQ(
      world.send(http::Method::Delete, {"v1", "models", "org", "model"}, "").finish().status(),
      200);
}

TEST(Aliases, TheirErrorsHaveTheFormOfTheirPath) {
  ApiWorld world;
  auto refused = world.send(http::Method::Delete, {"v1", "models", "none"}, "");
  EXPECT_EQ(refused.finish().status(), 404);
  EXPECT_EQ(refused.error().at("code").as_string(), "model_not_found");
}

}  // namespace
}  // namespace hearth::api::admin
