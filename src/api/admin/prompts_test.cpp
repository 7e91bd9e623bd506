// Saved prompts over HTTP: what is listed, saved, removed and refused.
#include "api/admin/prompts.h"

#include <gtest/gtest.h>

#include "api/testing/api_world.h"

namespace hearth::api::admin {
namespace {

using testing::Answer;
using testing::ApiWorld;

engine::SavedPrompt write(const ApiWorld& world, const std::string& name) {
  auto written = world.prompts.write({.prompt = {.name = name,
                                                 .model = "org/model",
                                                 .fingerprint = "fp_a",
                                                 .created_s = 1'700'000'000,
                                                 .tokens = std::vector<engine::TokenId>(64, 5)},
                                      .tensors = {}});
  EXPECT_TRUE(written) << written.error().message;
  return *written;
}

Answer post_prompt(ApiWorld& world, const std::string& body) {
  return world.send(http::Method::Post, {"admin", "api", "prompts"}, body);
}

TEST(AdminPrompts, AreListedWithTheirRoom) {
  ApiWorld world;
  const json::object empty = world.get({"admin", "api", "prompts"}).finish().body();
  EXPECT_EQ(empty.at("prompts").as_array().size(), 0U);
  EXPECT_EQ(empty.at("bytes"), 0);
  EXPECT_EQ(empty.at("limit_bytes"), 1 << 20);
  const engine::SavedPrompt prompt = write(world, "rules");
  const json::object listed = world.get({"admin", "api", "prompts"}).finish().body();
  EXPECT_EQ(listed.at("bytes").to_number<std::uint64_t>(), prompt.bytes);
  const json::object& entry = listed.at("prompts").at(0).as_object();
  EXPECT_EQ(entry.at("id"), json::value(prompt.id));
  EXPECT_EQ(entry.at("name"), "rules");
  EXPECT_EQ(entry.at("model"), "org/model");
  EXPECT_EQ(entry.at("tokens"), 64);
  EXPECT_EQ(entry.at("created"), 1'700'000'000);
}

TEST(AdminPrompts, AreRemovedByTheirId) {
  ApiWorld world;
  const std::string id = write(world, "rules").id;
  const std::vector<std::string> path{"admin", "api", "prompts", id};
  Answer removed = world.send(http::Method::Delete, path, "");
  EXPECT_EQ(removed.finish().status(), 200);
  EXPECT_EQ(removed.body().at("id"), json::value(id));
  EXPECT_TRUE(world.prompts.list().empty());
  Answer again = world.send(http::Method::Delete, path, "");
  EXPECT_EQ(again.finish().status(), 404);
  EXPECT_EQ(again.header("content-type"), "application/problem+json");
}

TEST(AdminPrompts, SavingAsksTheEngineAndAnswersWhenTheFileIsThere) {
  ApiWorld world;
  world.load();
  Answer answer = post_prompt(
      world,
      R"({"model":"org/model","name":"rules","messages":[{"role":"system","content":"Be"}]})");
  const auto asked = world.asked();
  EXPECT_EQ(asked.request.keep, "rules");
  EXPECT_EQ(asked.request.id, "req_1");
  EXPECT_EQ(std::get<engine::ChatInput>(asked.request.input).messages.size(), 1U);
  EXPECT_FALSE(answer.advance());
  const engine::SavedPrompt prompt = write(world, "rules");
  world.play(0, "", {.usage = {.cached_tokens = 32}, .kept = prompt.id});
  EXPECT_EQ(answer.finish().status(), 201);
  EXPECT_EQ(answer.body().at("id"), json::value(prompt.id));
  EXPECT_EQ(answer.body().at("cached_tokens"), 32);
}

TEST(AdminPrompts, ARawPromptIsSavedOfTheModelServedByDefault) {
  ApiWorld world;
  world.load();
  Answer answer = post_prompt(world, R"({"prompt":"Once"})");
  EXPECT_EQ(std::get<engine::TextInput>(world.asked().request.input).text, "Once");
  EXPECT_EQ(world.asked().request.keep, "");
  world.asked().events->push(
      engine::Failed{{.code = ErrorCode::InvalidArgument, .message = "too short"}});
  EXPECT_EQ(answer.finish().status(), 400);
  EXPECT_EQ(answer.body().at("detail"), "too short");
  EXPECT_EQ(answer.body().at("request_id"), "req_1");
}

TEST(AdminPrompts, AFileThatIsGoneAgainIsToldHonestly) {
  ApiWorld world;
  world.load();
  Answer answer = post_prompt(world, R"({"prompt":"Once"})");
  world.play(0, "", {.kept = "0123"});
  EXPECT_EQ(answer.finish().status(), 500);
}

TEST(AdminPrompts, WrongBodiesAreRefusedByName) {
  ApiWorld world;
  const auto refusal = [&](const std::string& body, int status = 400) {
    Answer answer = post_prompt(world, body);
    EXPECT_EQ(answer.finish().status(), status) << body;
    return std::string(answer.body().at("detail").as_string());
  };
  EXPECT_NE(refusal("{}").find("either messages or prompt"), std::string::npos);
  EXPECT_NE(refusal(R"({"prompt":"a","messages":[]})").find("either"), std::string::npos);
  EXPECT_NE(refusal(R"({"prompt":"a","name":5})").find("name"), std::string::npos);
  EXPECT_NE(refusal(R"({"prompt":["a","b"]})").find("one prompt"), std::string::npos);
  EXPECT_NE(refusal(R"({"messages":[{"role":"king","content":"a"}]})").find("role"),
            std::string::npos);
  EXPECT_NE(refusal(R"({"prompt":"a","model":"nobody"})", 404).find("nobody"), std::string::npos);
  refusal("[1]");
  refusal("{");
}

}  // namespace
}  // namespace hearth::api::admin
