// GET /v1/models and /v1/models/{id}: one body for clients of two vendors.
#include "api/openai/models.h"

#include <gtest/gtest.h>

#include "api/testing/api_world.h"

namespace hearth::api::openai {
namespace {

using testing::ApiWorld;

TEST(Models, TheListServesClientsOfTwoVendors) {
  ApiWorld world;
  const json::value body = world.get({"v1", "models"}).finish().body();
  EXPECT_EQ(body.at("object"), "list");
  EXPECT_EQ(body.at("has_more"), false);
  EXPECT_EQ(body.at("first_id"), "demo");
  EXPECT_EQ(body.at("last_id"), "org/model");
  ASSERT_EQ(body.at("data").as_array().size(), 2u);
  const json::object& entry = body.at("data").at(1).as_object();
  EXPECT_EQ(entry.at("id"), "org/model");
  EXPECT_EQ(entry.at("object"), "model");
  EXPECT_EQ(entry.at("type"), "model");
  EXPECT_EQ(entry.at("owned_by"), "org");
  EXPECT_EQ(entry.at("display_name"), "model");
  EXPECT_EQ(entry.at("lifecycle"), "active");
  EXPECT_EQ(entry.at("state"), "unloaded");
  EXPECT_GT(entry.at("created").as_int64(), 1'600'000'000);
  const std::string created(entry.at("created_at").as_string());
  EXPECT_EQ(created.size(), 20u) << "2026-01-01T00:00:00Z";
  EXPECT_EQ(created.at(10), 'T');
  EXPECT_EQ(created.back(), 'Z');
  for (const auto* name : {"max_input_tokens", "max_tokens", "context_length", "max_model_len"})
    EXPECT_EQ(entry.at(name), 2048) << name;
  EXPECT_EQ(entry.at("capabilities").at(0), "completion");
  EXPECT_FALSE(entry.contains("architecture")) << "clients expect another vendor's object there";
}

TEST(Models, AnEmptyLibraryIsAnEmptyList) {
  ApiWorld world;
  std::filesystem::remove_all(world.folder.path());
  const json::value body = world.get({"v1", "models"}).finish().body();
  EXPECT_TRUE(body.at("data").as_array().empty());
  EXPECT_TRUE(body.at("first_id").is_null());
}

TEST(Models, OneModelIsFoundByAnyOfItsNames) {
  ApiWorld world;
  for (const std::vector<std::string>& path :
       {std::vector<std::string>{"v1", "models", "org", "model"},
        {"v1", "models", "org/model"},
        {"v1", "models", "MODEL:latest"}}) {
    auto answer = world.get(path);
    EXPECT_EQ(answer.finish().status(), 200);
    EXPECT_EQ(answer.body().at("id"), "org/model");
  }
}

TEST(Models, AnUnknownModelIsA404WithNearNames) {
  ApiWorld world;
  auto answer = world.get({"v1", "models", "modell"});
  EXPECT_EQ(answer.finish().status(), 404);
  EXPECT_EQ(answer.error().at("code"), "model_not_found");
  EXPECT_NE(std::string(answer.error().at("message").as_string()).find("org/model"),
            std::string::npos);
}

TEST(Models, TheContextIsTheOneServed) {
  ApiWorld limited(1000);
  EXPECT_EQ(limited.get({"v1", "models", "demo"}).finish().body().at("context_length"), 1000);
  ApiWorld world;
  auto answer = world.chat(R"({"messages":[{"role":"user","content":"hi"}]})");
  world.play(0, "x");
  answer.finish();
  const json::object entry = world.get({"v1", "models", "org", "model"}).finish().body();
  EXPECT_EQ(entry.at("state"), "loaded");
  EXPECT_EQ(entry.at("context_length"), 512) << "what the worker says";
}

TEST(Models, ADamagedModelSaysSo) {
  ApiWorld world;
  world.folder.write("broken/config.json", "{");
  const json::object entry = world.get({"v1", "models", "broken"}).finish().body();
  EXPECT_TRUE(std::string(entry.at("fault").as_string()).starts_with("config.json: "));
}

}  // namespace
}  // namespace hearth::api::openai
