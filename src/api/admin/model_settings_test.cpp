// Settings of models over HTTP, and what of a preset reaches the engine.
#include "api/admin/model_settings.h"

#include <gtest/gtest.h>

#include "api/testing/api_world.h"

namespace hearth::api::admin {
namespace {

using testing::Answer;
using testing::ApiWorld;

const std::vector<std::string> kPath = {"admin", "api", "models", "org", "model", "settings"};

Answer change(ApiWorld& world, std::string body) {
  return std::move(world.send(http::Method::Patch, kPath, std::move(body)).finish());
}

TEST(ModelSettingsApi, ChangesWhatIsNamedAndShowsIt) {
  ApiWorld world;
  EXPECT_EQ(world.get(kPath).finish().text(),
            R"({"model":"org/model","favourite":false,"note":"","preset":{}})");
  EXPECT_EQ(change(world, R"({"favourite":true,"preset":{"temperature":0.5}})").status(), 200);
  EXPECT_EQ(change(world, R"({"note":"for poems"})").text(),
            R"({"model":"org/model","favourite":true,"note":"for poems",)"
            R"("preset":{"temperature":0.5}})");
  const auto models = world.get({"admin", "api", "models"}).finish().body().at("models").as_array();
  EXPECT_TRUE(models.at(1).at("favourite").as_bool());
  EXPECT_EQ(models.at(1).at("note").as_string(), "for poems");
  EXPECT_EQ(change(world, R"({"favourite":false,"note":"","preset":{}})").text(),
            R"({"model":"org/model","favourite":false,"note":"","preset":{}})");
}

TEST(ModelSettingsApi, RefusesWhatMakesNoSense) {
  ApiWorld world;
  const auto wrong = change(world, R"({"preset":{"temperature":9,"colour":"red"}})");
  EXPECT_EQ(wrong.status(), 400);
  EXPECT_EQ(wrong.body().at("errors").as_array().size(), 2U);
  EXPECT_EQ(change(world, R"({"favourite":"yes"})").status(), 400);
  EXPECT_EQ(world.send(http::Method::Patch, {"admin", "api", "models", "none", "settings"}, "{}")
                .finish()
                .status(),
            404);
}

TEST(ModelSettingsApi, APresetFillsWhatARequestLeavesOut) {
  ApiWorld world;
  change(world, R"({"preset":{"temperature":0.25,"max_tokens":9,"system":"Be brief."}})");
  world.load();
  auto plain = world.chat(R"({"messages":[{"role":"user","content":"hi"}]})");
  const auto filled = world.asked(0).request;
  EXPECT_EQ(filled.sampling.temperature, 0.25);
  EXPECT_EQ(filled.max_tokens, 9U);
  EXPECT_EQ(std::get<engine::ChatInput>(filled.input).messages.size(), 2U);
  auto own =
      world.chat(R"({"messages":[{"role":"system","content":"x"},{"role":"user","content":"hi"}],)"
                 R"("temperature":1,"max_tokens":3})");
  const auto kept = world.asked(1).request;
  EXPECT_EQ(kept.sampling.temperature, 1);
  EXPECT_EQ(kept.max_tokens, 3U);
  EXPECT_EQ(std::get<engine::ChatInput>(kept.input).messages.size(), 2U);
  auto raw = world.complete(R"({"model":"org/model","prompt":"hi"})");
  EXPECT_EQ(world.asked(2).request.sampling.temperature, 0.25);
}

}  // namespace
}  // namespace hearth::api::admin
