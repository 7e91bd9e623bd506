// Log-probabilities as clients read them: chat and text completions, whole and streamed.
#include "api/openai/logprobs.h"

#include <cmath>
#include <gtest/gtest.h>

#include "api/testing/api_world.h"

namespace hearth::api::openai {
namespace {

using testing::ApiWorld;

/// "é" in two tokens; the second was nearly another.
std::vector<engine::TokenReport> two_bytes() {
  return {{.id = 1,
           .bytes = "\xC3",
           .logprob = -0.25F,
           .top = {{.id = 1, .bytes = "\xC3", .logprob = -0.25F}},
           .offset = 0},
          {.id = 2,
           .bytes = "\xA9",
           .logprob = -1.5F,
           .top = {{.id = 3, .bytes = "x", .logprob = -0.5F}},
           .offset = 0}};
}

json::value chat_form(std::span<const engine::TokenReport> content,
                      std::span<const engine::TokenReport> reasoning = {}) {
  std::string out;
  append_chat_logprobs(out, content, reasoning);
  return json::parse(out);
}

json::value text_form(std::span<const engine::TokenReport> reports) {
  std::string out;
  append_text_logprobs(out, reports);
  return json::parse(out);
}

TEST(ChatLogprobs, BytesCarryWhatTheTextOfATokenCannot) {
  EXPECT_EQ(chat_form(two_bytes()), json::parse(R"({"content":[
    {"token":"\ufffd","logprob":-0.25,"bytes":[195],
     "top_logprobs":[{"token":"\ufffd","logprob":-0.25,"bytes":[195]}]},
    {"token":"\ufffd","logprob":-1.5,"bytes":[169],
     "top_logprobs":[{"token":"x","logprob":-0.5,"bytes":[120]}]}],"refusal":null})"));
}

TEST(ChatLogprobs, ReasoningHasAPlaceOfItsOwn) {
  const auto form = chat_form({}, two_bytes());
  EXPECT_EQ(form.at("content"), json::array());
  EXPECT_EQ(form.at("reasoning_content").as_array().size(), 2U);
}

TEST(TextLogprobs, AreColumnsAndNameStrayBytes) {
  EXPECT_EQ(text_form(two_bytes()), json::parse(R"({
    "tokens":["bytes:\\xc3","bytes:\\xa9"],"token_logprobs":[-0.25,-1.5],
    "top_logprobs":[{"bytes:\\xc3":-0.25},{"x":-0.5,"bytes:\\xa9":-1.5}],"text_offset":[0,0]})"));
}

TEST(TextLogprobs, TheFirstTokenOfAPromptHasNone) {
  const std::vector<engine::TokenReport> first = {
      {.id = 5, .bytes = "A", .logprob = {}, .top = {}, .offset = 0}};
  EXPECT_EQ(text_form(first), json::parse(R"({"tokens":["A"],"token_logprobs":[null],
                                              "top_logprobs":[null],"text_offset":[0]})"));
}

TEST(TextLogprobs, TheLogarithmOfZeroIsANumber) {
  const std::vector<engine::TokenReport> never = {
      {.id = 5, .bytes = "A", .logprob = -INFINITY, .top = {}, .offset = 3}};
  EXPECT_EQ(text_form(never).at("token_logprobs").at(0).as_double(), -9999.0);
}

void play(ApiWorld& world) {
  const auto events = world.asked(0).events;
  events->push(engine::Admitted{1});
  engine::TextDelta delta{.text = "é", .tokens = 2};
  delta.reports = two_bytes();
  events->push(delta);
  events->push(engine::Finished{});
}

TEST(ChatLogprobs, ComeWithTheWholeAnswerAndWithItsPieces) {
  for (const bool stream : {false, true}) {
    ApiWorld world;
    auto answer = world.chat(fmt::format(R"({{"messages":[{{"role":"user","content":"hi"}}],
      "logprobs":true,"top_logprobs":1,"stream":{}}})",
                                         stream));
    EXPECT_EQ(world.asked(0).request.logprobs, 1U);
    play(world);
    answer.finish();
    const json::value choice =
        stream ? answer.events().at(1).at("choices").at(0) : answer.body().at("choices").at(0);
    EXPECT_EQ(choice.at("logprobs"), chat_form(two_bytes()));
    if (stream) {
      EXPECT_TRUE(answer.events().at(2).at("choices").at(0).at("logprobs").is_null());
    }
  }
}

TEST(TextLogprobs, ComeWithTheWholeAnswerAndWithItsPieces) {
  for (const bool stream : {false, true}) {
    ApiWorld world;
    auto answer =
        world.complete(fmt::format(R"({{"prompt":"a","logprobs":1,"stream":{}}})", stream));
    play(world);
    answer.finish();
    const json::value choice =
        stream ? answer.events().at(0).at("choices").at(0) : answer.body().at("choices").at(0);
    EXPECT_EQ(choice.at("logprobs"), text_form(two_bytes()));
  }
}

}  // namespace
}  // namespace hearth::api::openai
