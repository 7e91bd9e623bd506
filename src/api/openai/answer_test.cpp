// When an answer is an error, when it becomes a stream, and what a failing or leaving one does.
#include "api/openai/answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/testing/api_world.h"

namespace hearth::api::openai {
namespace {

using engine::testing::eventually;
using testing::Answer;
using testing::ApiWorld;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kWholeAnswer = R"({"messages":[{"role":"user","content":"hi"}]})";
const std::string kStreamedAnswer =
    R"({"stream":true,"messages":[{"role":"user","content":"hi"}]})";

const Error kTooLong{.code = ErrorCode::ContextExceeded,
                     .message = "This model's maximum context length is 512 tokens."};

TEST(Answer, ErrorsBeforeTheFirstByteHaveTheirOwnStatus) {
  for (const std::string& body : {kWholeAnswer, kStreamedAnswer}) {
    ApiWorld world;
    auto answer = world.chat(body);
    world.asked().events->push(engine::Failed{kTooLong});
    EXPECT_EQ(answer.finish().status(), 400);
    EXPECT_EQ(answer.error().at("code"), "context_length_exceeded");
    EXPECT_EQ(answer.header("x-hearth-model"), "org/model");
  }
}

TEST(Answer, AFailedLoadIsAPlainError) {
  ApiWorld world;
  world.workers.hold();
  auto answer = world.chat(kStreamedAnswer);
  world.workers.settle(0, fail(ErrorCode::OutOfMemory, "load org/model: does not fit"));
  EXPECT_EQ(answer.finish().status(), 503);
  EXPECT_EQ(answer.header("x-should-retry"), "false");
  EXPECT_EQ(answer.error().at("message"), "load org/model: does not fit");
}

TEST(Answer, AStreamIsNotPromisedBeforeTheRequestIsAdmitted) {
  ApiWorld world;
  auto answer = world.chat(kStreamedAnswer);
  world.asked();
  EXPECT_FALSE(answer.advance());
  EXPECT_FALSE(answer.decided());
  world.asked().events->push(engine::Admitted{3});
  EXPECT_TRUE(eventually([&] { return answer.advance() || answer.decided(); }));
}

TEST(Answer, ErrorsAfterTheFirstByteTravelInTheStreamWithoutDone) {
  ApiWorld world;
  auto answer = world.chat(kStreamedAnswer);
  world.asked().events->push(engine::Admitted{3});
  ASSERT_TRUE(eventually([&] { return answer.advance() || answer.decided(); }));
  world.asked().events->push(engine::TextDelta{.text = "so far"});
  world.asked().events->push(
      engine::Failed{{.code = ErrorCode::EngineLost, .message = "the worker died"}});
  EXPECT_EQ(answer.finish().status(), 200);
  EXPECT_THAT(answer.text(), HasSubstr("so far"));
  EXPECT_THAT(answer.text(), Not(HasSubstr("[DONE]")));
  const json::value last = answer.events().back();
  EXPECT_EQ(last, json::parse(R"({"error":{"message":"the worker died","type":"server_error",
      "param":null,"code":"engine_lost"}})"));
}

TEST(Answer, OneFailingChoiceEndsAllOthers) {
  ApiWorld world;
  world.load();
  auto answer = world.chat(R"({"n":2,"messages":[{"role":"user","content":"hi"}]})");
  world.asked(1).events->push(engine::Failed{kTooLong});
  EXPECT_EQ(answer.finish().status(), 400);
  {
    const auto gone = std::move(answer);
  }
  EXPECT_TRUE(world.asked(0).events->abandoned());
}

TEST(Answer, WhoLeavesCancelsEveryChoice) {
  for (const std::string_view stream : {"true", "false"}) {
    ApiWorld world;
    world.load();
    {
      auto answer = world.chat(fmt::format(
          R"({{"n":2,"stream":{},"messages":[{{"role":"user","content":"hi"}}]}})", stream));
      world.asked(0).events->push(engine::Admitted{3});
      world.asked(1).events->push(engine::Admitted{3});
      answer.advance();
    }
    EXPECT_TRUE(world.asked(0).events->abandoned());
    EXPECT_TRUE(world.asked(1).events->abandoned());
  }
}

TEST(Answer, ALongLoadCommitsTheStreamAndKeepsItAlive) {
  ApiWorld world;
  world.workers.hold();
  auto answer = world.chat(kStreamedAnswer);
  const auto& pending = std::get<std::unique_ptr<http::PendingResponse>>(answer.response().body);
  ASSERT_TRUE(pending->deadline().has_value());
  std::this_thread::sleep_until(*pending->deadline());
  EXPECT_FALSE(answer.advance());
  ASSERT_TRUE(answer.decided());
  EXPECT_EQ(answer.status(), 200);
  const auto& body = std::get<std::unique_ptr<http::BodyStream>>(answer.response().body);
  EXPECT_EQ(body->heartbeat(), ": ping\n\n");
  world.workers.settle(0, fail(ErrorCode::CorruptData, "load org/model: broken"));
  EXPECT_EQ(answer.finish().events().size(), 1u);
  EXPECT_EQ(answer.events().front().at("error").at("message"), "load org/model: broken");
}

TEST(Answer, AWholeAnswerWaitsForAsLongAsItTakes) {
  ApiWorld world;
  auto answer = world.chat(kWholeAnswer);
  const auto& pending = std::get<std::unique_ptr<http::PendingResponse>>(answer.response().body);
  EXPECT_FALSE(pending->deadline().has_value());
  world.play(0, "done");
  EXPECT_EQ(answer.finish().status(), 200);
}

}  // namespace
}  // namespace hearth::api::openai
