// Boundaries of messages, counted by hand: ids 0 to 255 are bytes, so a letter is a token.
#include "engine/host/chat_marks.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "base/json.h"
#include "engine/testing/tiny_tokenizer.h"

namespace hearth::engine {
namespace {

using Marks = std::vector<std::uint32_t>;

/// Turns begin with a control token and end with nothing.
const std::string kTurns =
    "{% for m in messages %}<|{{ 'user' if m.role == 'user' else 'bot' }}|>{{ m.content }}"
    "{% endfor %}{% if add_generation_prompt %}<|bot|>{% endif %}";
/// No control tokens at all, and the answer to come begins with a thought.
const std::string kText =
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant]<think>{% endif %}";
/// The instructions become part of the user's first turn.
const std::string kFolded =
    "{% set before = '' %}{% if messages[0].role == 'system' %}"
    "{% set before = messages[0].content + '|' %}{% set messages = messages[1:] %}{% endif %}"
    "{% for m in messages %}<|{{ 'user' if m.role == 'user' else 'bot' }}|>"
    "{{ before if loop.first else '' }}{{ m.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|bot|>{% endif %}";
/// Only users may have the last word.
const std::string kStrict =
    "{% if messages[-1].role != 'user' %}{{ raise_exception('it is not your turn') }}{% endif %}" +
    kTurns;

class ChatMarks : public ::testing::Test {
 protected:
  ChatMarks() {
    const auto config = base::parse_json(testing::tiny_tokenizer_config())->as_object();
    tokenizer_ = *text::Tokenizer::from_json(testing::tiny_tokenizer_json(), config);
  }

  static std::shared_ptr<const text::ChatTemplate> compile(const std::string& source) {
    auto made = text::ChatTemplate::compile(json::value(source), {});
    EXPECT_TRUE(made) << made.error().message;
    return *made;
  }
  static text::ChatPrompt chat(std::string_view messages) {
    text::ChatPrompt prompt{.messages = {}, .tools = {}, .variables = {}};
    prompt.messages = base::parse_json(messages)->as_array();
    return prompt;
  }
  Marks marks(const std::string& source, const text::ChatPrompt& prompt) {
    const auto made = compile(source);
    const auto encoded = made->encode(prompt, *tokenizer_);
    EXPECT_TRUE(encoded) << encoded.error().message;
    return message_boundaries(*made, prompt, *tokenizer_, encoded->ids);
  }
  std::string shared(const std::string& source, std::string_view messages) {
    const auto ids = shared_beginning(*compile(source), chat(messages), *tokenizer_);
    return ids ? *tokenizer_->decode(*ids, text::SkipSpecial::No) : ids.error().message;
  }

  std::shared_ptr<const text::Tokenizer> tokenizer_;
};

constexpr std::string_view kThree =
    R"([{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"},
        {"role":"user","content":"What?"}])";
constexpr std::string_view kInstructed =
    R"([{"role":"system","content":"Be kind"},{"role":"user","content":"Hi"}])";

TEST_F(ChatMarks, TheLastMessagesBeginBehindTheirControlTokens) {
  // <|user|>Hi<|bot|> is 4 tokens, Hello<|user|> 6, What?<|bot|> 6.
  EXPECT_EQ(marks(kTurns, chat(kThree)), (Marks{4, 10, 16}));
}

TEST_F(ChatMarks, OfALongConversationTheSystemPromptAndTheEndCount) {
  std::string messages = R"([{"role":"system","content":"Be kind"})";
  for (int turn = 0; turn < 5; ++turn)
    messages += R"(,{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"})";
  messages += R"(,{"role":"user","content":"What?"}])";
  // <|bot|>Be kind<|user|> is 9 tokens, then five times Hi<|bot|>Hello<|user|>, 9 each.
  EXPECT_EQ(marks(kTurns, chat(messages)), (Marks{9, 9 + 36 + 3, 9 + 45, 9 + 45 + 6}));
}

TEST_F(ChatMarks, TemplatesWithoutControlTokensHaveBoundariesToo) {
  // "[system]Be kind\n[user]" is 8 + 8 + 6 letters, "Hi\n[assistant]" 3 + 11.
  EXPECT_EQ(marks(kText, chat(kInstructed)), (Marks{22, 36}));
}

TEST_F(ChatMarks, InstructionsThatAreFoldedIntoTheFirstTurnEndWithinIt) {
  // <|user|>Be kind| is 9 tokens, Hi<|bot|> 3.
  EXPECT_EQ(marks(kFolded, chat(kInstructed)), (Marks{9, 12}));
}

TEST_F(ChatMarks, WhatATemplateRefusesToShowIsNoBoundary) {
  EXPECT_EQ(marks(kStrict, chat(kThree)), (Marks{10}));
}

TEST_F(ChatMarks, AMessageThatGoesOnHasNoneBehindIt) {
  text::ChatPrompt prompt =
      chat(R"([{"role":"user","content":"Hi"},{"role":"assistant","content":"Hel"}])");
  prompt.continue_last = true;
  prompt.add_generation_prompt = false;
  EXPECT_EQ(marks(kTurns, prompt), (Marks{4}));
}

TEST_F(ChatMarks, ABeginningIsSharedUpToWhereTheNextMessageSpeaks) {
  EXPECT_EQ(shared(kText, R"([{"role":"system","content":"Be kind"}])"), "[system]Be kind\n[user]");
  EXPECT_EQ(shared(kFolded, R"([{"role":"system","content":"Be kind"}])"), "<|user|>Be kind|");
  EXPECT_EQ(shared(kText, kInstructed), "[system]Be kind\n[user]Hi\n[assistant]");
  EXPECT_EQ(shared(kTurns, kThree), "<|user|>Hi<|bot|>Hello<|user|>What?<|bot|>");
  EXPECT_NE(shared(kStrict, kThree).find("it is not your turn"), std::string::npos);
}

TEST_F(ChatMarks, ATextIsSharedWhole) {
  EXPECT_EQ(*tokenizer_->decode(*shared_beginning("Once upon", *tokenizer_), text::SkipSpecial::No),
            "Once upon");
}

}  // namespace
}  // namespace hearth::engine
