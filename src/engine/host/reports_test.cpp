// Reports of tokens: in step with the text, whatever holds it back; prompts told back; limits.
#include <cmath>
#include <gtest/gtest.h>
#include <string>

#include "base/json.h"
#include "engine/host/local_engine.h"
#include "engine/testing/collect.h"
#include "engine/testing/fake_runner.h"
#include "engine/testing/tiny_tokenizer.h"

namespace hearth::engine {
namespace {

using testing::answer;
using testing::collect;
using testing::Collected;
using testing::kBot;
using testing::kEnd;
using testing::kThink;
using testing::kThinkEnd;

/// Says `reply` after the token `after`, then ends.
testing::Logits recite(std::vector<TokenId> reply, TokenId after) {
  reply.push_back(kEnd);
  return testing::certain([reply, after](std::span<const TokenId> tokens) {
    std::size_t since = 0;
    while (since < tokens.size() && tokens[tokens.size() - 1 - since] != after) ++since;
    return reply[std::min(since, reply.size() - 1)];
  });
}

std::vector<TokenId> bytes(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()),
          reinterpret_cast<const unsigned char*>(text.data()) + text.size()};
}

std::unique_ptr<Engine> open_saying(testing::Logits logits, std::uint32_t tokens_per_step = 64) {
  const auto config = base::parse_json(testing::tiny_tokenizer_config())->as_object();
  ModelTexts texts;
  texts.tokenizer = *text::Tokenizer::from_json(testing::tiny_tokenizer_json(), config);
  texts.sampling = {.temperature = 0};
  texts.chat_template = *text::ChatTemplate::compile(config.at("chat_template"), {});
  auto engine = LocalEngine::open({.limits = {.sequences = 16, .tokens_per_step = tokens_per_step}},
                                  std::move(texts), [logits] {
                                    return LoadedModel{
                                        .runner = std::make_unique<testing::FakeRunner>(logits, 64),
                                        .info = {.name = "toy",
                                                 .vocabulary = testing::kVocabulary,
                                                 .context_length = 256,
                                                 .end_tokens = {kEnd}},
                                        .pages = 64};
                                  });
  return std::move(*engine);
}

Request ask_reports(Input input) {
  return {.id = "r", .input = std::move(input), .logprobs = 2};
}

std::string joined(const std::vector<TokenReport>& reports) {
  std::string text;
  for (const TokenReport& report : reports) text += report.bytes;
  return text;
}

std::vector<std::uint32_t> offsets(const std::vector<TokenReport>& reports) {
  std::vector<std::uint32_t> all;
  for (const TokenReport& report : reports) all.push_back(report.offset);
  return all;
}

TEST(Reports, CarryTheBytesOfCharactersThatSeveralTokensMakeUp) {
  const auto engine = open_saying(recite(bytes("né \U0001F600!"), 'a'));
  const Collected said = answer(*engine, ask_reports(TextInput{"a"}));
  EXPECT_EQ(said.content, "né \U0001F600!");
  ASSERT_EQ(said.content_reports.size(), 9U);
  EXPECT_EQ(joined(said.content_reports), said.content);
  EXPECT_EQ(said.content_reports[1].bytes, "\xC3");
  EXPECT_EQ(offsets(said.content_reports), (std::vector<std::uint32_t>{0, 1, 1, 2, 3, 3, 3, 3, 4}));
  for (const TokenReport& report : said.content_reports) {
    EXPECT_NEAR(*report.logprob, 0, 1e-6);
    ASSERT_EQ(report.top.size(), 2U);
    EXPECT_EQ(report.top[0].id, report.id);
    EXPECT_NEAR(report.top[1].logprob, -100, 1e-3);
  }
  EXPECT_NEAR(said.finished->logprob, 0, 1e-5);
}

TEST(Reports, EveryDeltaHasThoseWhoseTextEndsInIt) {
  const auto engine = open_saying(recite(bytes("x\U0001F600y"), 'a'));
  const auto generation = engine->submit(ask_reports(TextInput{"a"}));
  std::string text;
  std::string told;
  while (true) {
    const auto events = generation->wait();
    if (events.empty()) break;
    for (const Event& event : events)
      if (const auto* delta = std::get_if<TextDelta>(&event)) {
        text += delta->text;
        told += joined(delta->reports);
        EXPECT_EQ(text, told);
      }
  }
  EXPECT_EQ(text, "x\U0001F600y");
}

TEST(Reports, StrayBytesAreTheirOwnWhateverTheTextShows) {
  const auto engine = open_saying(recite({'x', 0xF0, 0x9F, 'y'}, 'a'));
  const Collected said = answer(*engine, ask_reports(TextInput{"a"}));
  EXPECT_EQ(said.content, "x\xEF\xBF\xBDy");
  EXPECT_EQ(joined(said.content_reports), "x\xF0\x9Fy");
  EXPECT_EQ(said.content_reports.back().offset, 2U);
}

TEST(Reports, AStopStringTakesItsTokensAlong) {
  const auto engine = open_saying(recite(bytes("one STOP two"), 'a'));
  Request request = ask_reports(TextInput{"a"});
  request.stop = {"STOP"};
  const Collected said = answer(*engine, request);
  EXPECT_EQ(said.content, "one ");
  EXPECT_EQ(joined(said.content_reports), "one ");

  request.stop = {"two!"};  // begins at the end, and never comes
  const Collected whole = answer(*engine, request);
  EXPECT_EQ(whole.content, "one STOP two");
  EXPECT_EQ(joined(whole.content_reports), "one STOP two");
}

TEST(Reports, ReasoningIsReportedApartAndMarkersNotAtAll) {
  std::vector<TokenId> reply = {kThink, '\n', 'h', 'm', '\n', kThinkEnd, '\n', '\n', 'o', 'k'};
  const auto engine = open_saying(recite(reply, kBot));
  const Collected said =
      answer(*engine,
             ask_reports(ChatInput{
                 .messages = base::parse_json(R"([{"role":"user","content":"hi"}])")->as_array()}));
  EXPECT_EQ(said.reasoning, "hm");
  EXPECT_EQ(joined(said.reasoning_reports), "hm");
  EXPECT_EQ(said.content, "ok");
  EXPECT_EQ(joined(said.content_reports), "ok");
  EXPECT_EQ(offsets(said.content_reports), (std::vector<std::uint32_t>{0, 1}));
}

TEST(Reports, IdsAreAllThatWereSampled) {
  const std::vector<TokenId> reply = {kThink, 'h', kThinkEnd, 'o', 'k'};
  const auto engine = open_saying(recite(reply, kBot));
  Request request = ask_reports(
      ChatInput{.messages = base::parse_json(R"([{"role":"user","content":"hi"}])")->as_array()});
  request.logprobs = {};
  request.report_ids = true;
  const Collected said = answer(*engine, request);
  EXPECT_EQ(said.ids, (std::vector<TokenId>{kThink, 'h', kThinkEnd, 'o', 'k', kEnd}));

  request.raw_reasoning = true;
  const Collected raw = answer(*engine, request);
  EXPECT_EQ(raw.content, "<think>h</think>ok");
  EXPECT_EQ(raw.reasoning, "");
}

TEST(Reports, WhoDoesNotAskGetsNone) {
  const auto engine = open_saying(recite(bytes("xyz"), 'a'));
  const Collected said = answer(*engine, {.input = TextInput{"a"}});
  EXPECT_EQ(said.content, "xyz");
  EXPECT_TRUE(said.content_reports.empty());
}

TEST(Echo, ThePromptComesFirst) {
  const auto engine = open_saying(recite(bytes("yz"), 'x'));
  const Collected said = answer(*engine, {.input = TextInput{"é = x"}, .echo = true});
  EXPECT_EQ(said.content, "é = xyz");
  EXPECT_EQ(said.finished->usage.completion_tokens, 3U);
  const Collected ids = answer(*engine, {.input = TokenInput{{kBot, 'x'}}, .echo = true});
  EXPECT_TRUE(ids.content.ends_with("xyz"));
  EXPECT_GT(ids.content.size(), 3U) << "control tokens that the client sent are told back";
}

TEST(Echo, ThePromptsTokensAreReportedInAnyChunks) {
  for (const std::uint32_t tokens_per_step : {1U, 3U, 64U}) {
    const auto engine = open_saying(testing::noisy_logits, tokens_per_step);
    Request request = ask_reports(TextInput{"aé\U0001F600 bx"});
    request.echo = true;
    request.max_tokens = 4;
    const Collected said = answer(*engine, request);
    const std::size_t prompt = 10;  // bytes
    ASSERT_GE(said.content_reports.size(), prompt);
    EXPECT_FALSE(said.content_reports[0].logprob);
    EXPECT_EQ(joined(said.content_reports).substr(0, prompt), "aé\U0001F600 bx");
    EXPECT_EQ(said.content_reports[prompt - 1].offset, 5U);
    std::vector<TokenId> before;
    for (std::size_t i = 0; i + 1 < prompt; ++i) {
      before.push_back(said.content_reports[i].id);
      const auto logits = testing::noisy_logits(before);
      double total = 0;
      for (const float logit : logits) total += std::exp(static_cast<double>(logit));
      const TokenId next = said.content_reports[i + 1].id;
      EXPECT_NEAR(*said.content_reports[i + 1].logprob, logits[next] - std::log(total), 1e-4);
    }
  }
}

TEST(Echo, AConversationIsNotToldBack) {
  const auto engine = open_saying(testing::noisy_logits);
  Request request = ask_reports(ChatInput{});
  request.echo = true;
  EXPECT_EQ(answer(*engine, request).failed->param, "echo");
}

TEST(Limits, NothingEndsAReplyBeforeItsLeastLength) {
  const auto engine = open_saying(testing::certain([](std::span<const TokenId>) { return kEnd; }));
  Request request{.input = TextInput{"a"}, .max_tokens = 9, .min_tokens = 5};
  const Collected said = answer(*engine, request);
  EXPECT_EQ(said.finished->usage.completion_tokens, 6U);  // five, then the end token
  EXPECT_EQ(said.finished->reason, FinishReason::Stop);

  const auto speller = open_saying(recite(bytes("ababab"), 'x'));
  Request stopped{.input = TextInput{"x"}, .stop = {"ab"}, .min_tokens = 3};
  EXPECT_EQ(answer(*speller, stopped).content, "abab") << "found only in text that comes later";
  stopped.min_tokens = 300;
  EXPECT_EQ(answer(*speller, stopped).failed->param, "min_tokens");
}

TEST(Limits, StopTokensEndAReplyAlsoWhereEndTokensDoNot) {
  const auto engine = open_saying(recite({'x', kEnd, 'y', 'z'}, 'a'));
  Request request{.input = TextInput{"a"}, .ignore_eos = true, .stop_tokens = {'z'}};
  const Collected said = answer(*engine, request);
  EXPECT_EQ(said.content, "xy");
  EXPECT_EQ(said.finished->reason, FinishReason::Stop);
  request.stop_tokens = {testing::kVocabulary};
  EXPECT_EQ(answer(*engine, request).failed->param, "stop_token_ids");
}

TEST(Limits, BiasesForceAndBanTokensByIdAndByText) {
  const auto engine = open_saying(testing::certain(testing::spell_on));
  Request request{.input = TextInput{"a"}, .max_tokens = 3};
  request.logit_bias = {{TokenId{'q'}, 101}};
  EXPECT_EQ(answer(*engine, request).content, "qqq");
  request.logit_bias = {{std::string("b"), -std::numeric_limits<double>::infinity()}};
  EXPECT_NE(answer(*engine, request).content.front(), 'b');
  request.logit_bias = {{testing::kVocabulary, 1}};
  EXPECT_EQ(answer(*engine, request).failed->param, "logit_bias");
}

TEST(Limits, ARequestMayWantLessContext) {
  const auto engine = open_saying(testing::certain(testing::spell_on));
  Request request{.input = TextInput{"abcd"}, .ignore_eos = true, .context_length = 10};
  const Collected said = answer(*engine, request);
  EXPECT_EQ(said.content, "efghij");
  EXPECT_EQ(said.finished->reason, FinishReason::ContextFull);
  request.context_length = 4;
  EXPECT_EQ(answer(*engine, request).failed->code, ErrorCode::ContextExceeded);
  request.context_length = 257;
  EXPECT_EQ(answer(*engine, request).failed->param, "context_length");
}

TEST(Limits, ATimeLimitEndsAReplyThatTakesLonger) {
  const auto engine = open_saying(testing::certain(testing::spell_on));
  Request request{.input = TextInput{"a"}, .ignore_eos = true, .time_limit_ms = 0};
  const Collected said = answer(*engine, request);
  EXPECT_EQ(said.finished->reason, FinishReason::Length);
  EXPECT_LT(said.finished->usage.completion_tokens, 255U);
  EXPECT_EQ(said.content.size(), said.told_tokens);
}

}  // namespace
}  // namespace hearth::engine
