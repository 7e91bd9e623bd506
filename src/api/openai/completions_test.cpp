// POST /v1/completions: prompts of every form, and their answers.
#include "api/openai/completions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/openai/completion_request.h"
#include "api/testing/api_world.h"

namespace hearth::api::openai {
namespace {

using testing::ApiWorld;
using ::testing::ElementsAre;

Result<Asked> read_completion(std::string_view rest) {
  return read_completion_request(R"({"model":"m",)" + std::string(rest) + "}");
}

std::string param(std::string_view rest) {
  const auto request = read_completion(rest);
  return request ? "" : request.error().param;
}

std::string show_input(const engine::Input& input) {
  if (const auto* text = std::get_if<engine::TextInput>(&input)) return "text:" + text->text;
  std::string shown = "ids:";
  for (const auto id : std::get<engine::TokenInput>(input).tokens) shown += fmt::format(" {}", id);
  return shown;
}

std::vector<std::string> prompts(std::string_view prompt) {
  const auto request = read_completion(fmt::format(R"("prompt":{})", prompt));
  std::vector<std::string> shown;
  if (request)
    for (const engine::Input& input : request->inputs) shown.push_back(show_input(input));
  return shown;
}

TEST(CompletionRequest, APromptIsATextOrIdsOrAListOfThem) {
  EXPECT_THAT(prompts(R"("a")"), ElementsAre("text:a"));
  EXPECT_THAT(prompts(R"(["a","b"])"), ElementsAre("text:a", "text:b"));
  EXPECT_THAT(prompts("[1,2.0]"), ElementsAre("ids: 1 2"));
  EXPECT_THAT(prompts(R"([[1],[2,3]])"), ElementsAre("ids: 1", "ids: 2 3"));
  EXPECT_THAT(prompts("null"), ElementsAre("text:")) << "from the beginning of a text";
}

TEST(CompletionRequest, WrongPromptsAreNamedByTheirPath) {
  EXPECT_EQ(param(R"("prompt":5)"), "prompt");
  EXPECT_EQ(param(R"("prompt":[])"), "prompt");
  EXPECT_EQ(param(R"("prompt":["a",5])"), "prompt[1]");
  EXPECT_EQ(param(R"("prompt":[[1],[]])"), "prompt[1]");
  EXPECT_EQ(param(R"("prompt":[[1,"x"]])"), "prompt[0]");
  EXPECT_EQ(param(R"("prompt":[[1],[2,-1]])"), "prompt[1][1]");
  EXPECT_EQ(param(R"("prompt":[1,1.5])"), "prompt[1]");
}

TEST(CompletionRequest, WhatIsNotOfferedIsRefusedByName) {
  for (const std::string_view field :
       {R"("suffix":"x")", R"("guided_regex":"a")", R"("prompt_logprobs":1)"}) {
    const auto request = read_completion(fmt::format(R"("prompt":"a",{})", field));
    ASSERT_FALSE(request.has_value()) << field;
    EXPECT_EQ(request.error().code, ErrorCode::UnsupportedArgument) << field;
  }
  EXPECT_TRUE(read_completion(R"("prompt":"a","suffix":"","echo":false,"best_of":1,"logprobs":null,
      "user":"me")")
                  .has_value());
}

TEST(CompletionRequest, WithoutALimitTheRestOfTheContextIsUsed) {
  EXPECT_EQ(to_engine_request(*read_completion(R"("prompt":"a")")).max_tokens, std::nullopt);
}

TEST(CompletionRequest, TheBestMustBeAtLeastAsManyAsAreWantedAndAreKnownOnlyAtTheEnd) {
  EXPECT_EQ(param(R"("n":3,"best_of":2)"), "best_of");
  EXPECT_EQ(param(R"("best_of":17)"), "best_of");
  EXPECT_EQ(param(R"("best_of":2,"stream":true)"), "best_of");
  EXPECT_EQ(param(R"("n":2,"best_of":2,"stream":true)"), "");
  EXPECT_EQ(read_completion(R"("n":3)")->best_of, 3);
}

TEST(CompletionRequest, LogprobsIsANumberHere) {
  EXPECT_EQ(param(R"("logprobs":21)"), "logprobs");
  EXPECT_EQ(param(R"("logprobs":true)"), "logprobs");
  EXPECT_EQ(read_completion(R"("logprobs":0)")->logprobs, 0U);
  EXPECT_EQ(read_completion(R"("n_probs":4)")->logprobs, 4U);
  EXPECT_EQ(read_completion(R"("prompt":"a")")->logprobs, std::nullopt);
}

TEST(Completions, TheLikeliestOfSeveralAreKept) {
  ApiWorld world;
  world.load();
  auto answer = world.complete(R"({"prompt":"a","n":2,"best_of":4,"seed":10})");
  const std::vector<double> sums = {-8, -2, -9, -3};
  const std::vector<std::uint32_t> tokens = {2, 2, 9, 1};  // on average -4, -1, -1, -3
  for (std::size_t i = 0; i < 4; ++i) {
    const auto& request = world.asked(i).request;
    EXPECT_EQ(request.sampling.seed, 10 + i);
    EXPECT_EQ(request.logprobs, 0U) << "needed to compare";
    world.play(i, std::to_string(i),
               {.usage = {.prompt_tokens = 5, .completion_tokens = tokens[i]}, .logprob = sums[i]});
  }
  const auto body = answer.finish().body();
  ASSERT_EQ(body.at("choices").as_array().size(), 2U);
  EXPECT_EQ(body.at("choices").at(0).at("text"), "1");
  EXPECT_EQ(body.at("choices").at(1).at("text"), "2");
  EXPECT_TRUE(body.at("choices").at(0).at("logprobs").is_null()) << "nobody asked to see them";
  EXPECT_EQ(body.at("usage").at("completion_tokens"), 14) << "all that were sampled";
  EXPECT_EQ(body.at("usage").at("prompt_tokens"), 5);
}

TEST(Completions, SeveralPromptsAndChoicesAreNumberedPromptFirst) {
  ApiWorld world;
  world.load();
  auto answer = world.complete(R"({"prompt":["a","b"],"n":2})");
  const std::vector<std::string> texts = {"a0", "a1", "b0", "b1"};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(show_input(world.asked(i).request.input), i < 2 ? "text:a" : "text:b");
    world.play(i, texts[i], {.usage = {.prompt_tokens = 5, .completion_tokens = 2}});
  }
  const json::value body = answer.finish().body();
  EXPECT_EQ(body.at("object"), "text_completion");
  EXPECT_TRUE(std::string(body.at("id").as_string()).starts_with("cmpl-"));
  for (std::size_t i = 0; i < 4; ++i) {
    const json::value expected{
        {"index", i}, {"text", texts[i]}, {"logprobs", nullptr}, {"finish_reason", "stop"}};
    EXPECT_EQ(body.at("choices").at(i), expected);
  }
  EXPECT_EQ(body.at("usage").at("prompt_tokens"), 10) << "two prompts, each once";
  EXPECT_EQ(body.at("usage").at("completion_tokens"), 8);
  EXPECT_EQ(body.at("usage").at("total_tokens"), 18);
}

TEST(Completions, AStreamIsTheSameObjectInPieces) {
  ApiWorld world;
  auto answer =
      world.complete(R"({"prompt":"a","stream":true,"stream_options":{"include_usage":true}})");
  world.play(0, "story",
             {.reason = engine::FinishReason::Length,
              .usage = {.prompt_tokens = 5, .completion_tokens = 2}});
  const auto chunks = answer.finish().events();
  ASSERT_EQ(chunks.size(), 4u);
  EXPECT_EQ(chunks[0].at("object"), "text_completion");
  EXPECT_EQ(chunks[0].at("choices"), json::parse(R"([{"index":0,"text":"story","logprobs":null,
      "finish_reason":null}])"));
  EXPECT_TRUE(chunks[0].at("usage").is_null());
  EXPECT_EQ(chunks[1].at("choices"), json::parse(R"([{"index":0,"text":"","logprobs":null,
      "finish_reason":"length"}])"));
  EXPECT_EQ(chunks[2].at("usage").at("total_tokens"), 7);
  EXPECT_TRUE(chunks[2].at("choices").as_array().empty());
  EXPECT_TRUE(chunks[3].is_null());
}

}  // namespace
}  // namespace hearth::api::openai
