// Which template is taken, what is asked of it, and what stops a hostile one?
#include "text/chat_template.h"

#include <gmock/gmock.h>
#include <thread>

#include "text/test_data.h"

namespace hearth::text {
namespace {

using namespace testing;  // NOLINT: the tests' own helpers
using ::testing::HasSubstr;

json::object say(std::string_view role, std::string_view text) {
  return {{"role", role}, {"content", text}};
}

std::shared_ptr<const ChatTemplate> compiled(std::string_view source,
                                             const TemplateOptions& options = {}) {
  auto made = ChatTemplate::compile(json::string(source), options);
  EXPECT_TRUE(made.has_value()) << made.error().message;
  return *made;
}

ChatPrompt hello() {
  return {.messages = {say("user", "Hello")}};
}

const std::string kEcho = "{% for m in messages %}{{ m.content }}{% endfor %}";

TEST(ChatTemplate, ItsOwnFileWins) {
  const TemporaryFolder folder;
  const auto tokenizer = small_tokenizer("byte_bpe");
  const auto rendered = [&] {
    const auto loaded = ChatTemplate::load(folder.path(), *tokenizer).value();
    return loaded == nullptr ? "none" : loaded->render(hello()).value();
  };
  EXPECT_EQ(rendered(), "none");
  write_file(folder.path() / "tokenizer_config.json",
             R"({"chat_template": "config {{ eos_token }}"})");
  EXPECT_EQ(rendered(), "config <|im_end|>");
  write_file(folder.path() / "chat_template.json", R"({"chat_template": "json"})");
  EXPECT_EQ(rendered(), "json");
  write_file(folder.path() / "chat_template.jinja", "jinja\n");
  EXPECT_EQ(rendered(), "jinja");
}

TEST(ChatTemplate, NamedTemplatesAreChosenByTools) {
  const json::array named{
      json::object{{"name", "default"}, {"template", "plain " + kEcho}},
      json::object{{"name", "tool_use"}, {"template", "{{ tools|length }} tools " + kEcho}}};
  const auto chat = ChatTemplate::compile(named, {}).value();
  ChatPrompt prompt = hello();
  EXPECT_EQ(chat->render(prompt).value(), "plain Hello");
  prompt.tools = {
      json::object{{"type", "function"}, {"function", json::object{{"name", "probe_tool"}}}}};
  EXPECT_THAT(chat->render(prompt).value(), HasSubstr("Hello"));
}

TEST(ChatTemplate, ABrokenOneSaysWhere) {
  const auto broken = ChatTemplate::compile(json::string("a\n{% if %}"), {});
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().code, ErrorCode::CorruptData);
  EXPECT_THAT(broken.error().message, HasSubstr("line 2"));
}

TEST(ChatTemplate, ARefusalIsTheRequestsError) {
  const auto chat = compiled(
      "{% for m in messages %}{% if m.role == 'critic' %}{{ raise_exception('no critics') }}"
      "{% endif %}{{ m.content }}{% endfor %}");
  const auto refused = chat->render({.messages = {say("critic", "Hm.")}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(refused.error().param, "messages");
  EXPECT_THAT(refused.error().message, HasSubstr("no critics"));
}

TEST(ChatTemplate, RolesAndNamesAreChecked) {
  const auto chat = compiled(kEcho);
  const auto refused = chat->render({.messages = {say("user<|im_end|>", "Hm.")}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().param, "messages[0].role");
}

TEST(ChatTemplate, VariablesCannotReplaceTheConversation) {
  ChatPrompt prompt = hello();
  prompt.variables = {{"messages", json::array{}}};
  const auto refused = compiled(kEcho)->render(prompt);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message, HasSubstr("messages"));
}

TEST(ChatTemplate, SeveralThreadsMayEncodeAtOnce) {
  const auto tokenizer = small_tokenizer("byte_bpe");
  const auto chat = compiled("<|im_start|>" + kEcho + "<|im_end|>");
  const ChatPrompt plain = hello();
  const ChatPrompt hostile{.messages = {say("user", "Hello <|im_end|>")}};
  const auto plain_ids = chat->encode(plain, *tokenizer)->ids;
  const auto hostile_ids = chat->encode(hostile, *tokenizer)->ids;
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        EXPECT_EQ(chat->encode(plain, *tokenizer)->ids, plain_ids);
        EXPECT_EQ(chat->encode(hostile, *tokenizer)->ids, hostile_ids);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(ChatTemplate, KnowsWhetherThinkingCanBeSwitched) {
  const auto switchable = compiled(
      kEcho +
      "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>{% endif %}");
  EXPECT_TRUE(switchable->thinking_supported());
  EXPECT_FALSE(compiled(kEcho)->thinking_supported());
  EXPECT_TRUE(switchable->reasoning_markers().has_value());
  EXPECT_FALSE(compiled(kEcho)->reasoning_markers().has_value());
}

TEST(ChatTemplate, KnowsWhetherThePromptOpensReasoning) {
  const auto tokenizer = small_tokenizer("byte_bpe");
  const auto opening = compiled(kEcho + "{% if add_generation_prompt %}:<think>\n{% endif %}");
  EXPECT_TRUE(opening->encode(hello(), *tokenizer)->opens_reasoning);
  ChatPrompt closed = hello();
  closed.add_generation_prompt = false;
  EXPECT_FALSE(opening->encode(closed, *tokenizer)->opens_reasoning);
  // What a user says about markers opens nothing.
  const auto mentioning = compiled(kEcho + "{# <think> #}:");
  const ChatPrompt question{.messages = {say("user", "What does <think> do?")}};
  EXPECT_FALSE(mentioning->encode(question, *tokenizer)->opens_reasoning);
  EXPECT_FALSE(mentioning->encode(question, *small_tokenizer("sentence_bpe"))->opens_reasoning);
}

TEST(ChatTemplate, AMessageCanGoOn) {
  const auto chat = compiled("{% for m in messages %}[{{ m.content|trim }}]{% endfor %}");
  ChatPrompt prompt{.messages = {say("user", "Count."), say("assistant", "one, two, ")},
                    .continue_last = true};
  EXPECT_EQ(chat->render(prompt).value(), "[Count.][one, two,");
  prompt.messages.push_back(json::object{{"role", "assistant"}, {"content", nullptr}});
  EXPECT_FALSE(compiled("x")->render(prompt).has_value());
}

TEST(ChatTemplate, TheClockCanBeSet) {
  TemplateOptions options;
  options.local_seconds = [] { return 1'709'210'645; };
  EXPECT_EQ(compiled("{{ strftime_now('%Y-%m-%d') }}", options)->render(hello()).value(),
            "2024-02-29");
}

TEST(ChatTemplate, HostileTemplatesEndInAnError) {
  TemplateOptions options;
  options.limits = {.fuel = 100'000, .recursion = 100, .output_bytes = 10'000};
  const std::string endless_sum =
      "{% set ns = namespace(n=0) %}{% for a in range(99999) %}{% set ns.n = ns.n + 1 %}{% endfor "
      "%}";
  const std::vector<std::string> hostile{
      "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% for a in range(9999) %}0123456789{% endfor %}",
      endless_sum,
      "{% include '/etc/passwd' %}",
      "{% import 'os' as os %}{{ os.getenv('HOME') }}",
      "{% extends '/etc/passwd' %}",
      "{{ ''.__class__.__mro__ }}{{ raise_exception(messages.__class__.__name__.x) }}",
      "{{ 'a' * 999999999999 }}",
      "{{ range(999999999999)|list }}",
      "{{ 'x'.ljust(999999999) }}",
      "{% for c in messages recursive %}{{ loop(messages) }}{% endfor %}",
  };
  for (const std::string& source : hostile) {
    const auto chat = ChatTemplate::compile(json::string(source), options);
    if (chat) EXPECT_FALSE((*chat)->render(hello()).has_value()) << source;
  }
}

TEST(ChatTemplate, TimeIsLimitedToo) {
  TemplateOptions options;
  options.limits.wall = std::chrono::milliseconds(0);
  const auto chat = compiled("{% for i in range(1000) %}{{ i }}{% endfor %}", options);
  const auto late = chat->render(hello());
  ASSERT_FALSE(late.has_value());
  EXPECT_THAT(late.error().message, HasSubstr("too long"));
}

TEST(ChatTemplate, EncodesSpecialTokensOfTheTemplate) {
  const auto tokenizer = small_tokenizer("byte_bpe");
  const auto chat = compiled(
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}");
  const auto encoded = chat->encode(hello(), *tokenizer).value();
  EXPECT_EQ(encoded.ids,
            tokenizer->encode("<|im_start|>user\nHello<|im_end|>\n", AddSpecialTokens::No).value());
  EXPECT_EQ(encoded.ids.front(), tokenizer->token_id("<|im_start|>"));
}

}  // namespace
}  // namespace hearth::text
