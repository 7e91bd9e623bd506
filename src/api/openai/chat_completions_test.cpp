// POST /v1/chat/completions from body to answer, with a played engine.
#include "api/openai/chat_completions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "api/testing/api_world.h"

namespace hearth::api::openai {
namespace {

using engine::testing::eventually;
using testing::ApiWorld;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kReasoning = engine::TextDelta::Kind::Reasoning;

const engine::Finished kEnd{.reason = engine::FinishReason::Stop,
                            .usage = {.prompt_tokens = 9,
                                      .cached_tokens = 4,
                                      .completion_tokens = 3,
                                      .reasoning_tokens = 1},
                            .timings = {.queue_ms = 1, .prompt_ms = 10, .decode_ms = 20}};

/// A chat body for "org/model" with further members.
std::string ask(std::string_view more = "") {
  return R"({"model":"org/model","messages":[{"role":"user","content":"hi"}])" + std::string(more) +
         "}";
}

const json::value& choice(const json::value& chunk) {
  return chunk.at("choices").at(0);
}

TEST(ChatCompletions, TheWholeAnswerHasItsShape) {
  ApiWorld world;
  auto answer = world.chat(ask());
  const auto events = world.asked().events;
  events->push(engine::Admitted{9});
  events->push(engine::TextDelta{.kind = kReasoning, .text = "hm", .tokens = 1});
  events->push(engine::TextDelta{.text = "Hel"});
  events->push(engine::PromptProgress{9, 9});
  events->push(engine::TextDelta{.text = "lo\n\xE2\x80\xA8"});
  events->push(kEnd);
  ASSERT_EQ(answer.finish().status(), 200);
  EXPECT_EQ(answer.header("content-type"), "application/json");
  EXPECT_EQ(answer.header("x-hearth-model"), "org/model");
  EXPECT_THAT(answer.text(), HasSubstr("\\u2028")) << "line-splitting readers cut there";

  json::object body = answer.body();
  EXPECT_TRUE(std::string(body.at("id").as_string()).starts_with("chatcmpl-"));
  EXPECT_EQ(body.at("id").as_string().size(), 9u + 32u);
  EXPECT_GT(body.at("created").as_int64(), 1'600'000'000);
  EXPECT_EQ(body.at("object"), "chat.completion");
  EXPECT_EQ(body.at("model"), "org/model");
  EXPECT_EQ(body.at("system_fingerprint"), "fp_0123456789");
  EXPECT_EQ(body.at("choices"), json::parse(R"([{"index":0,"message":{"role":"assistant",
      "content":"Hello\n\u2028","reasoning_content":"hm","refusal":null},"logprobs":null,
      "finish_reason":"stop"}])"));
  EXPECT_EQ(body.at("usage"), json::parse(R"({"prompt_tokens":9,"completion_tokens":3,
      "total_tokens":12,"prompt_tokens_details":{"cached_tokens":4},
      "completion_tokens_details":{"reasoning_tokens":1}})"));
  EXPECT_EQ(body.at("timings"), json::parse(R"({"cache_n":4,"prompt_n":5,"prompt_ms":10,
      "prompt_per_token_ms":2,"prompt_per_second":500,"predicted_n":3,"predicted_ms":20,
      "predicted_per_token_ms":6.667,"predicted_per_second":150,"queue_ms":1})"));
}

TEST(ChatCompletions, TheModelIsEchoedAsAskedAndNamedAsRun) {
  ApiWorld world;
  auto answer =
      world.chat(R"({"model":"MODEL:latest","messages":[{"role":"user","content":"x"}]})");
  world.play(0, "y");
  EXPECT_EQ(answer.finish().body().at("model"), "MODEL:latest");
  EXPECT_EQ(answer.header("x-hearth-model"), "org/model");
  auto unnamed = world.chat(R"({"messages":[{"role":"user","content":"x"}]})");
  world.play(1, "y");
  EXPECT_EQ(unnamed.finish().body().at("model"), "org/model");
}

TEST(ChatCompletions, TheEngineGetsTheRequest) {
  ApiWorld world;
  auto answer = world.chat(ask(R"(,"max_tokens":7,"temperature":0,"stop":["a","b"])"));
  const engine::Request request = world.asked().request;
  EXPECT_EQ(request.id, "req_1");
  EXPECT_EQ(request.max_tokens, 7u);
  EXPECT_EQ(request.sampling.temperature, 0);
  EXPECT_THAT(request.stop, ElementsAre("a", "b"));
  const auto& chat = std::get<engine::ChatInput>(request.input);
  EXPECT_EQ(json::value(chat.messages), json::parse(R"([{"role":"user","content":"hi"}])"));
}

TEST(ChatCompletions, AStreamIsMadeOfTheChunksOfTheWire) {
  ApiWorld world;
  auto answer = world.chat(ask(R"(,"stream":true,"stream_options":{"include_usage":true})"));
  const auto events = world.asked().events;
  events->push(engine::Admitted{9});
  ASSERT_TRUE(eventually([&] { return answer.advance() || answer.decided(); }));
  EXPECT_EQ(answer.header("content-type"), "text/event-stream");
  EXPECT_EQ(answer.header("x-hearth-model"), "org/model");
  events->push(engine::TextDelta{.kind = kReasoning, .text = "Oslo"});
  answer.advance();
  events->push(engine::TextDelta{.text = "Hi"});
  events->push(kEnd);
  const auto chunks = answer.finish().events();

  ASSERT_EQ(chunks.size(), 6u);
  const auto inner = [&](std::size_t i) {
    json::object chunk = chunks[i].as_object();
    EXPECT_EQ(chunk.at("object"), "chat.completion.chunk");
    EXPECT_EQ(chunk.at("id"), chunks[0].at("id"));
    EXPECT_EQ(chunk.at("created"), chunks[0].at("created"));
    EXPECT_EQ(chunk.at("model"), "org/model");
    EXPECT_EQ(chunk.at("system_fingerprint"), "fp_0123456789");
    for (const auto* name : {"id", "object", "created", "model", "system_fingerprint"})
      chunk.erase(name);
    return json::value(chunk);
  };
  const auto expected = [](std::string_view delta, std::string_view reason) {
    return json::parse(fmt::format(R"({{"choices":[{{"index":0,"delta":{},"logprobs":null,)"
                                   R"("finish_reason":{}}}],"usage":null}})",
                                   delta, reason));
  };
  EXPECT_EQ(inner(0), expected(R"({"role":"assistant","content":""})", "null"));
  EXPECT_EQ(inner(1), expected(R"({"content":null,"reasoning_content":"Oslo"})", "null"));
  EXPECT_EQ(inner(2), expected(R"({"content":"Hi"})", "null"));
  EXPECT_EQ(inner(3), expected("{}", R"("stop")"));
  EXPECT_EQ(inner(4).at("choices"), json::array());
  EXPECT_EQ(inner(4).at("usage").at("total_tokens"), 12);
  EXPECT_EQ(inner(4).at("timings").at("predicted_n"), 3);
  EXPECT_TRUE(chunks[5].is_null()) << "[DONE]";
  EXPECT_TRUE(answer.text().ends_with("data: [DONE]\n\n"));
}

TEST(ChatCompletions, WithoutIncludeUsageNoChunkIsWithoutAChoice) {
  ApiWorld world;
  auto answer = world.chat(ask(R"(,"stream":true)"));
  world.play(0, "Hi", kEnd);
  const auto chunks = answer.finish().events();
  ASSERT_EQ(chunks.size(), 4u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(chunks[i].at("choices").as_array().size(), 1u);
    EXPECT_FALSE(chunks[i].as_object().contains("usage"));
  }
  EXPECT_EQ(chunks[2].at("timings").at("predicted_n"), 3) << "in the last chunk";
}

TEST(ChatCompletions, SeveralChoicesOpenInOrderAndEndOnce) {
  ApiWorld world;
  world.load();
  auto answer = world.chat(ask(R"(,"n":3,"seed":40,"stream":true,
      "stream_options":{"include_usage":true})"));
  EXPECT_EQ(world.asked(2).request.sampling.seed, 42u);
  for (std::size_t i = 0; i < 3; ++i) world.asked(i).events->push(engine::Admitted{9});
  const auto say = [&](std::size_t i, const std::string& text) {
    world.asked(i).events->push(engine::TextDelta{.text = text});
    answer.advance();
  };
  say(2, "two");
  say(0, "zero");
  world.asked(2).events->push(kEnd);
  answer.advance();
  say(1, "one");
  world.asked(1).events->push(engine::Finished{.reason = engine::FinishReason::Length});
  world.asked(0).events->push(kEnd);
  const auto chunks = answer.finish().events();

  std::vector<std::int64_t> opened;
  std::map<std::int64_t, std::string> text, reason;
  for (const json::value& chunk : chunks) {
    if (chunk.is_null() || chunk.at("choices").as_array().empty()) continue;
    const auto index = choice(chunk).at("index").as_int64();
    const auto& delta = choice(chunk).at("delta").as_object();
    if (delta.contains("role")) opened.push_back(index);
    if (delta.contains("content")) text[index] += delta.at("content").as_string();
    if (choice(chunk).at("finish_reason").is_null()) continue;
    EXPECT_TRUE(delta.empty());
    EXPECT_TRUE(reason.emplace(index, choice(chunk).at("finish_reason").as_string()).second);
  }
  EXPECT_THAT(opened, ElementsAre(0, 1, 2));
  EXPECT_EQ(text, (decltype(text){{0, "zero"}, {1, "one"}, {2, "two"}}));
  EXPECT_EQ(reason, (decltype(reason){{0, "stop"}, {1, "length"}, {2, "stop"}}));
  const json::value& usage = chunks[chunks.size() - 2].at("usage");
  EXPECT_EQ(usage.at("prompt_tokens"), 9) << "the prompt is the same for all: it counts once";
  EXPECT_EQ(usage.at("prompt_tokens_details").at("cached_tokens"), 4);
  EXPECT_EQ(usage.at("completion_tokens"), 6);
}

TEST(ChatCompletions, SeveralChoicesComeWholeInOrder) {
  ApiWorld world;
  world.load();
  auto answer = world.chat(ask(R"(,"n":2)"));
  world.play(1, "second", kEnd);
  world.play(0, "first", kEnd);
  const json::value body = answer.finish().body();
  EXPECT_EQ(body.at("choices").at(0).at("message").at("content"), "first");
  EXPECT_EQ(body.at("choices").at(1).at("message").at("content"), "second");
  EXPECT_EQ(body.at("choices").at(1).at("index"), 1);
  EXPECT_EQ(body.at("usage").at("prompt_tokens"), 9);
}

TEST(ChatCompletions, FinishReasonsAreTheWiresWords) {
  using engine::FinishReason;
  for (const auto& [reason, word] :
       {std::pair(FinishReason::Stop, "stop"), std::pair(FinishReason::StopString, "stop"),
        std::pair(FinishReason::Length, "length"),
        std::pair(FinishReason::ContextFull, "length")}) {
    ApiWorld world;
    auto answer = world.chat(ask());
    world.play(0, "x", {.reason = reason});
    EXPECT_EQ(choice(answer.finish().body()).at("finish_reason"), word);
  }
}

TEST(ChatCompletions, AnEmptyAnswerHasEmptyContent) {
  ApiWorld world;
  auto answer = world.chat(ask());
  world.play(0, "", kEnd);
  EXPECT_EQ(choice(answer.finish().body()).at("message").at("content"), "");
  auto stream = world.chat(ask(R"(,"stream":true)"));
  world.play(1, "", kEnd);
  const auto chunks = stream.finish().events();
  ASSERT_EQ(chunks.size(), 3u) << "opening, end, [DONE]";
  EXPECT_EQ(choice(chunks[0]).at("delta").at("role"), "assistant");
}

TEST(ChatCompletions, ProgressOfThePromptIsToldIfAsked) {
  ApiWorld world;
  auto answer = world.chat(ask(R"(,"stream":true,"return_progress":true)"));
  const auto events = world.asked().events;
  events->push(engine::Admitted{9});
  events->push(engine::PromptProgress{4, 9});
  events->push(kEnd);
  const auto chunks = answer.finish().events();
  const auto& told = chunks.at(1).at("prompt_progress");
  EXPECT_EQ(told.at("total"), 9);
  EXPECT_EQ(told.at("processed"), 4);
  EXPECT_EQ(told.at("cache"), 0);
  EXPECT_TRUE(told.at("time_ms").is_number());
  EXPECT_TRUE(chunks.at(1).at("choices").as_array().empty());
}

TEST(ChatCompletions, AWrongBodyOrModelIsRefusedBeforeAnythingStarts) {
  ApiWorld world;
  auto wrong = world.chat(ask(R"(,"n":0)"));
  EXPECT_EQ(wrong.finish().status(), 400);
  EXPECT_EQ(wrong.error().at("param"), "n");
  auto unknown = world.chat(R"({"model":"modle","messages":[{"role":"user","content":"x"}]})");
  EXPECT_EQ(unknown.finish().status(), 404);
  EXPECT_EQ(unknown.error().at("code"), "model_not_found");
  EXPECT_EQ(unknown.error().at("param"), "model");
  EXPECT_THAT(std::string(unknown.error().at("message").as_string()), HasSubstr("org/model"));
  EXPECT_EQ(world.workers.loads(), 0u);
}

/// A thought, an answer, and an end token that has no text.
void think_and_answer(ApiWorld& world) {
  const auto events = world.asked(0).events;
  events->push(engine::Admitted{3});
  engine::TextDelta thought{.kind = engine::TextDelta::Kind::Reasoning, .text = "hm", .tokens = 2};
  thought.ids = {7, 8};
  events->push(thought);
  engine::TextDelta said{.text = "ok", .tokens = 1};
  said.ids = {9};
  events->push(said);
  events->push(engine::Finished{.usage = {.prompt_tokens = 3, .completion_tokens = 4}});
}

TEST(ChatCompletions, ReasoningCanBeLeftOutAndIdsCanBeListed) {
  for (const bool stream : {false, true}) {
    ApiWorld world;
    auto answer = world.chat(fmt::format(
        R"({{"messages":[{{"role":"user","content":"hi"}}],"include_reasoning":false,
             "return_token_ids":true,"stream":{}}})",
        stream));
    think_and_answer(world);
    answer.finish();
    EXPECT_EQ(answer.text().find("hm"), std::string::npos);
    json::array ids;
    if (stream) {
      for (const json::value& event : answer.events())
        if (!event.is_null())
          if (const auto* some = event.at("choices").at(0).as_object().if_contains("token_ids"))
            for (const auto& id : some->as_array()) ids.push_back(id);
    } else {
      ids = answer.body().at("choices").at(0).at("token_ids").as_array();
    }
    EXPECT_EQ(ids, (json::array{7, 8, 9}));
  }
}

TEST(ChatCompletions, EveryChunkCanBeTimed) {
  ApiWorld world;
  auto answer = world.chat(R"({"messages":[{"role":"user","content":"hi"}],"stream":true,
                               "timings_per_token":true})");
  think_and_answer(world);
  const auto events = answer.finish().events();
  EXPECT_FALSE(events.at(0).as_object().contains("timings")) << "nothing has come yet";
  EXPECT_EQ(events.at(1).at("timings").at("predicted_n"), 2);
  EXPECT_EQ(events.at(2).at("timings").at("predicted_n"), 3);
  EXPECT_EQ(events.at(2).at("timings").at("prompt_n"), 3);
  EXPECT_EQ(events.at(3).at("timings").at("predicted_n"), 4) << "the engine's own at the end";
}

}  // namespace
}  // namespace hearth::api::openai
