// Cancelling by id: what the canceller and the cancelled are told.
#include "api/openai/cancel_request.h"

#include <gtest/gtest.h>

#include "api/testing/api_world.h"

namespace hearth::api::openai {
namespace {

using testing::Answer;
using testing::ApiWorld;

Answer cancel(ApiWorld& world, const std::string& id) {
  return world.send(http::Method::Post, {"v1", "requests", id, "cancel"}, "");
}

constexpr const char* kCancelledStream =
    R"({"messages":[{"role":"user","content":"hi"}],"stream":true,"n":2})";
constexpr const char* kCancelledWhole = R"({"messages":[{"role":"user","content":"hi"}]})";

TEST(CancelRequest, AStreamJustEnds) {
  ApiWorld world;
  world.load();
  auto answer = world.chat(kCancelledStream);
  for (std::size_t i = 0; i < 2; ++i) {
    world.asked(i).events->push(engine::Admitted{1});
    world.asked(i).events->push(engine::TextDelta{.text = "some"});
  }
  ASSERT_FALSE(answer.advance());
  auto cancelled = cancel(world, "req_1");
  EXPECT_EQ(cancelled.finish().status(), 200);
  EXPECT_EQ(cancelled.body(), json::parse(R"({"id":"req_1","status":"cancelled"})").as_object());
  answer.finish();
  for (const json::value& event : answer.events()) {
    ASSERT_FALSE(event.is_null()) << "no [DONE]";
    EXPECT_FALSE(event.as_object().contains("error"));
    for (const auto& choice : event.at("choices").as_array())
      EXPECT_TRUE(choice.at("finish_reason").is_null());
  }
  EXPECT_TRUE(world.asked(0).events->abandoned()) << "the engine is told";
  EXPECT_TRUE(world.asked(1).events->abandoned());
  EXPECT_EQ(cancel(world, "req_1").finish().status(), 404) << "once";
}

TEST(CancelRequest, AnAnswersOwnIdWorksToo) {
  ApiWorld world;
  world.load();
  auto answer = world.chat(kCancelledStream);
  for (std::size_t i = 0; i < 2; ++i) {
    world.asked(i).events->push(engine::Admitted{1});
    world.asked(i).events->push(engine::TextDelta{.text = "some"});
  }
  ASSERT_FALSE(answer.advance());
  ASSERT_FALSE(answer.advance()) << "its first chunks are out";
  const auto id = std::string(answer.events().at(0).at("id").as_string());
  EXPECT_EQ(cancel(world, id).finish().status(), 200);
  answer.finish();
}

TEST(CancelRequest, AWholeAnswerBecomesAnError) {
  ApiWorld world;
  world.load();
  auto answer = world.chat(kCancelledWhole);
  world.asked(0);
  EXPECT_EQ(cancel(world, "req_1").finish().status(), 200);
  EXPECT_EQ(answer.finish().status(), 499);
  EXPECT_EQ(answer.error().at("code"), "request_cancelled");
}

TEST(CancelRequest, WhileTheModelLoadsAsWell) {
  ApiWorld world;
  world.workers.hold();
  auto answer = world.chat(kCancelledWhole);
  EXPECT_EQ(cancel(world, "req_1").finish().status(), 200);
  EXPECT_EQ(answer.finish().status(), 499);
}

TEST(CancelRequest, WhatDoesNotRunIsNotFound) {
  ApiWorld world;
  world.load();
  auto unknown = cancel(world, "req_9");
  EXPECT_EQ(unknown.finish().status(), 404);
  EXPECT_EQ(unknown.error().at("code"), "not_found");
  auto answer = world.chat(kCancelledWhole);
  world.play(0, "done");
  EXPECT_EQ(answer.finish().status(), 200);
  EXPECT_EQ(cancel(world, "req_1").finish().status(), 404);
}

}  // namespace
}  // namespace hearth::api::openai
