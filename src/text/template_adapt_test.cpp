// Is a conversation adapted without losing what was said?
#include <gtest/gtest.h>

#include "text/template_traits.h"

namespace hearth::text {
namespace {

json::array messages(std::string_view text) {
  return json::parse(text).as_array();
}

json::array adapted(std::string_view text, const TemplateTraits& traits) {
  return adapt({messages(text), {}}, traits).messages;
}

TEST(Adapt, NothingIsDoneWithoutNeed) {
  const char* text = R"([{"role": "developer", "content": [{"type": "text", "text": "a"}]},
                         {"role": "assistant", "content": null}])";
  EXPECT_EQ(adapted(text, {}), messages(text));
}

TEST(Adapt, ReasoningHasBothItsNames) {
  EXPECT_EQ(adapted(R"([{"role": "assistant", "reasoning": "hm"}])", {}),
            messages(R"([{"role": "assistant", "reasoning": "hm", "thinking": "hm",
                          "reasoning_content": "hm"}])"));
}

TEST(Adapt, ArgumentsChangeTheirForm) {
  const char* as_text = R"([{"role": "assistant", "content": "", "tool_calls":
      [{"id": "1", "function": {"name": "f", "arguments": "{\"a\": 0.5}"}}]}])";
  const char* as_object = R"([{"role": "assistant", "content": "", "tool_calls":
      [{"id": "1", "function": {"name": "f", "arguments": {"a": 0.5}}}]}])";
  EXPECT_EQ(adapted(as_text, {.arguments = TemplateTraits::Arguments::Object}),
            messages(as_object));
  const auto text = adapted(as_object, {.arguments = TemplateTraits::Arguments::Text});
  EXPECT_EQ(text[0].at("tool_calls").at(0).at("function").at("arguments"),
            json::value(R"({"a":0.5})"));
}

TEST(Adapt, TextThatIsNoJsonStaysAnArgument) {
  const char* text = R"([{"role": "assistant", "tool_calls":
      [{"id": "1", "function": {"name": "f", "arguments": "{broken"}}]}])";
  EXPECT_EQ(adapted(text, {.arguments = TemplateTraits::Arguments::Object}), messages(text));
}

TEST(Adapt, SystemAndDeveloperMessagesKeepTheirOrder) {
  const char* text = R"([{"role": "system", "content": "a"}, {"role": "developer", "content": "b"},
                         {"role": "user", "content": "c"}, {"role": "system", "content": "d"},
                         {"role": "user", "content": "e"}])";
  const TemplateTraits traits{
      .late_system_as_user = true, .developer_as_system = true, .merge_same_role = true};
  EXPECT_EQ(adapted(text, traits), messages(R"([{"role": "system", "content": "a\n\nb"},
                                                {"role": "user", "content": "c\n\nd\n\ne"}])"));
}

TEST(Adapt, PicturesAreNotJoinedAway) {
  const char* text = R"([{"role": "user", "content": [{"type": "text", "text": "a"},
                         {"type": "image", "image": "x"}]}, {"role": "user", "content": "b"}])";
  const auto merged = adapted(text, {.join_text_parts = true, .merge_same_role = true});
  const char* expected = R"([{"role": "user", "content": [{"type": "text", "text": "a"},
                             {"type": "image", "image": "x"}, {"type": "text", "text": "b"}]}])";
  EXPECT_EQ(merged, messages(expected));
}

TEST(Adapt, ResultsFollowTheirCalls) {
  const char* text = R"([{"role": "assistant", "content": "look", "tool_calls": [
      {"id": "1", "function": {"name": "f"}}, {"id": "2", "function": {"name": "g"}}]},
      {"role": "tool", "tool_call_id": "2", "content": "two"},
      {"role": "tool", "tool_call_id": "1", "content": "one"},
      {"role": "tool", "content": "stray"}])";
  const auto split = adapted(text, {.one_call_per_turn = true});
  ASSERT_EQ(split.size(), 5u);
  EXPECT_EQ(split[0].at("content"), json::value("look"));
  EXPECT_EQ(split[1].at("content"), json::value("one"));
  EXPECT_EQ(split[2].at("content"), json::value(""));
  EXPECT_EQ(split[3].at("content"), json::value("two"));
  EXPECT_EQ(split[4].at("content"), json::value("stray"));
}

TEST(Adapt, OddMessagesDoNoHarm) {
  const char* text = R"([1, null, "x", {}, {"role": 3}, {"role": "tool"},
                         {"role": "assistant", "tool_calls": [null, {"function": 1}, {}]}])";
  TemplateTraits all{.arguments = TemplateTraits::Arguments::Object,
                     .null_as_empty = true,
                     .join_text_parts = true,
                     .system_into_user = true,
                     .late_system_as_user = true,
                     .developer_as_system = true,
                     .merge_same_role = true,
                     .calls_as_text = false,
                     .tools_into_system = true,
                     .one_call_per_turn = true,
                     .short_call_ids = true};
  EXPECT_GE(adapted(text, all).size(), 5u);
  all.calls_as_text = true;
  EXPECT_GE(adapted(text, all).size(), 5u);
}

}  // namespace
}  // namespace hearth::text
