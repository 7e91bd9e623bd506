// What a chat request may say, and how each wrong field is named.
#include "api/openai/chat_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hearth::api::openai {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A good body with `change` laid over it.
json::object body(const json::object& change) {
  json::object all{{"model", "m"},
                   {"messages", json::array{json::object{{"role", "user"}, {"content", "hi"}}}}};
  for (const auto& member : change) all[member.key()] = member.value();
  return all;
}

Result<Asked> read_chat(const json::object& change) {
  return read_chat_request(base::write_json(body(change)));
}
Result<Asked> read_messages(std::string_view messages) {
  return read_chat({{"messages", json::parse(messages)}});
}

const engine::ChatInput& input_of(const Result<Asked>& read) {
  return std::get<engine::ChatInput>(read->inputs.at(0));
}

/// "path: code" of every wrong field.
std::vector<std::string> faults(const Result<Asked>& read) {
  std::vector<std::string> all;
  if (read) return all;
  for (const auto& field : read.error().fields)
    all.push_back(fmt::format("{}: {}", field.path, base::name(field.code)));
  return all;
}

struct Wrong {
  std::string change;
  std::string fault;
};

class WrongField : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongField, IsNamedOnceByItsPath) {
  EXPECT_THAT(faults(read_chat(json::parse(GetParam().change).as_object())),
              ElementsAre(GetParam().fault))
      << GetParam().change;
}

INSTANTIATE_TEST_SUITE_P(
    Fields, WrongField,
    ::testing::Values(
        Wrong{R"({"temperature":"hot"})", "temperature: invalid_argument"},
        Wrong{R"({"temperature":2.01})", "temperature: invalid_argument"},
        Wrong{R"({"temperature":-0.1})", "temperature: invalid_argument"},
        Wrong{R"({"top_p":1.5})", "top_p: invalid_argument"},
        Wrong{R"({"presence_penalty":-3})", "presence_penalty: invalid_argument"},
        Wrong{R"({"frequency_penalty":3})", "frequency_penalty: invalid_argument"},
        Wrong{R"({"n":0})", "n: invalid_argument"}, Wrong{R"({"n":17})", "n: invalid_argument"},
        Wrong{R"({"n":"two"})", "n: invalid_argument"},
        Wrong{R"({"max_tokens":0})", "max_tokens: invalid_argument"},
        Wrong{R"({"max_tokens":2.5})", "max_tokens: invalid_argument"},
        Wrong{R"({"max_completion_tokens":0})", "max_completion_tokens: invalid_argument"},
        Wrong{R"({"max_completion_tokens":-2})", "max_completion_tokens: invalid_argument"},
        Wrong{R"({"seed":1.5})", "seed: invalid_argument"},
        Wrong{R"({"stop":5})", "stop: invalid_argument"},
        Wrong{R"({"stop":["a",1]})", "stop[1]: invalid_argument"},
        Wrong{R"({"stop":[""]})", "stop: invalid_argument"},
        Wrong{R"({"stream":"yes"})", "stream: invalid_argument"},
        Wrong{R"({"stream_options":{"include_usage":1}})",
              "stream_options.include_usage: invalid_argument"},
        Wrong{R"({"model":5})", "model: invalid_argument"},
        Wrong{R"({"top_k":-2})", "top_k: invalid_argument"},
        Wrong{R"({"min_p":1.1})", "min_p: invalid_argument"},
        Wrong{R"({"repetition_penalty":0})", "repetition_penalty: invalid_argument"},
        Wrong{R"({"repeat_penalty":0})", "repeat_penalty: invalid_argument"},
        Wrong{R"({"repeat_last_n":-2})", "repeat_last_n: invalid_argument"},
        Wrong{R"({"reasoning_effort":"some"})", "reasoning_effort: invalid_argument"},
        Wrong{R"({"enable_thinking":"on"})", "enable_thinking: invalid_argument"},
        Wrong{R"({"chat_template_kwargs":[]})", "chat_template_kwargs: invalid_argument"},
        Wrong{R"({"chat_template_kwargs":{"messages":[]}})",
              "chat_template_kwargs.messages: invalid_argument"},
        Wrong{R"({"continue_final_message":true})", "continue_final_message: invalid_argument"},
        Wrong{R"({"messages":null})", "messages: missing_argument"},
        Wrong{R"({"messages":"hi"})", "messages: invalid_argument"},
        Wrong{R"({"messages":[]})", "messages: invalid_argument"},
        Wrong{R"({"messages":["hi"]})", "messages[0]: invalid_argument"}));

INSTANTIATE_TEST_SUITE_P(
    Messages, WrongField,
    ::testing::Values(
        Wrong{R"({"messages":[{"content":"hi"}]})", "messages[0].role: missing_argument"},
        Wrong{R"({"messages":[{"role":"wizard","content":"hi"}]})",
              "messages[0].role: invalid_argument"},
        Wrong{R"({"messages":[{"role":1,"content":"hi"}]})", "messages[0].role: invalid_argument"},
        Wrong{R"({"messages":[{"role":"tool","content":"4"}]})",
              "messages[0].role: unsupported_argument"},
        Wrong{R"({"messages":[{"role":"user"}]})", "messages[0].content: missing_argument"},
        Wrong{R"({"messages":[{"role":"user","content":null}]})",
              "messages[0].content: missing_argument"},
        Wrong{R"({"messages":[{"role":"user","content":5}]})",
              "messages[0].content: invalid_argument"},
        Wrong{R"({"messages":[{"role":"user","content":[{"text":"x"}]}]})",
              "messages[0].content[0].type: invalid_argument"},
        Wrong{R"({"messages":[{"role":"user","content":[{"type":"text"}]}]})",
              "messages[0].content[0].text: invalid_argument"},
        Wrong{R"({"messages":[{"role":"user","content":["x"]}]})",
              "messages[0].content[0]: invalid_argument"},
        Wrong{R"({"messages":[{"role":"user","content":"a"},{"role":"user","content":
              [{"type":"text","text":"b"},{"type":"image_url","image_url":{"url":"data:"}}]}]})",
              "messages[1].content[1].type: unsupported_capability"},
        Wrong{R"({"messages":[{"role":"assistant","content":"x","tool_calls":[{"id":"1"}]}]})",
              "messages[0].tool_calls: unsupported_argument"}));

TEST(ChatRequest, AllWrongFieldsComeInOneError) {
  const auto refused = read_chat(
      {{"temperature", "hot"},
       {"n", 0},
       {"tools", json::parse(R"([{"type":"function"}])")},
       {"messages", json::parse(R"([{"role":"user","content":"hi"},{"role":"wizard"}])")}});
  EXPECT_THAT(faults(refused),
              ::testing::UnorderedElementsAre("temperature: invalid_argument",
                                              "n: invalid_argument", "tools: unsupported_argument",
                                              "messages[1].role: invalid_argument",
                                              "messages[1].content: missing_argument"));
  EXPECT_EQ(refused.error().param, "temperature");
}

TEST(ChatRequest, WhatIsNoJsonObjectIsRefused) {
  EXPECT_THAT(read_chat_request("{").error().message, HasSubstr("not valid JSON"));
  EXPECT_THAT(read_chat_request("").error().message, HasSubstr("not valid JSON"));
  EXPECT_THAT(read_chat_request("[1]").error().message, HasSubstr("body: must be an object"));
  EXPECT_EQ(read_chat_request("[1]").error().param, "");
  EXPECT_FALSE(read_chat_request(R"({"messages":[{"role":")"
                                 "\xFF"
                                 R"("}]})")
                   .has_value());
}

struct Refused {
  std::string name;
  std::string asks;                  // JSON of a value that wants something
  std::vector<std::string> neutral;  // and of those that want nothing
};

class RefusedByName : public ::testing::TestWithParam<Refused> {};

TEST_P(RefusedByName, UnlessItAsksForNothing) {
  const auto& [name, asks, neutral] = GetParam();
  EXPECT_THAT(faults(read_chat({{name, json::parse(asks)}})),
              ElementsAre(name + ": unsupported_argument"));
  EXPECT_TRUE(read_chat({{name, nullptr}}).has_value()) << name;
  for (const std::string& value : neutral)
    EXPECT_TRUE(read_chat({{name, json::parse(value)}}).has_value()) << name << " " << value;
}

INSTANTIATE_TEST_SUITE_P(
    ChatRequest, RefusedByName,
    ::testing::Values(
        Refused{"tools", R"([{"type":"function"}])", {"[]"}},
        Refused{"tool_choice", R"("required")", {R"("auto")", R"("none")"}},
        Refused{"functions", R"([{"name":"f"}])", {"[]"}},
        Refused{"function_call", R"({"name":"f"})", {R"("auto")", R"("none")"}},
        Refused{"response_format", R"({"type":"json_object"})", {R"({"type":"text"})"}},
        Refused{"modalities", R"(["text","audio"])", {R"(["text"])"}},
        Refused{"audio", R"({"voice":"x"})", {}}, Refused{"moderation", "{}", {}},
        Refused{"echo", "true", {"false"}}, Refused{"post_sampling_probs", "true", {"false"}},
        Refused{"reasoning_budget", "100", {"-1"}}, Refused{"thinking_budget", "100", {"-1"}},
        Refused{"thinking", R"({"type":"enabled"})", {}},
        Refused{"reasoning_control", "true", {"false"}}, Refused{"chat_template", R"("x")", {}},
        Refused{"guided_json", "{}", {}}, Refused{"grammar", R"("x")", {R"("")"}},
        Refused{"json_schema", "{}", {}}, Refused{"prompt_logprobs", "1", {}}),
    [](const auto& test) { return test.param.name; });

TEST(ChatRequest, UnknownAndIgnoredFieldsNeverFail) {
  EXPECT_TRUE(read_chat({{"never_heard_of", json::object{{"a", 1}}},
                         {"store", true},
                         {"metadata", json::object{{"a", "b"}}},
                         {"user", "me"},
                         {"service_tier", "auto"},
                         {"parallel_tool_calls", true},
                         {"prompt_cache_key", "k"},
                         {"verbosity", "low"}})
                  .has_value());
}

TEST(ChatRequest, NullIsAbsent) {
  const auto request = read_chat({{"temperature", nullptr}, {"stop", nullptr}, {"n", nullptr}});
  ASSERT_TRUE(request.has_value());
  EXPECT_FALSE(request->common.temperature.has_value());
  EXPECT_FALSE(request->common.stop.has_value());
}

TEST(ChatRequest, MaxCompletionTokensWins) {
  const auto limit = [](const json::object& change) {
    return to_engine_request(*read_chat(change)).max_tokens;
  };
  EXPECT_EQ(limit({{"max_tokens", 50}, {"max_completion_tokens", 7}}), 7u);
  EXPECT_EQ(limit({{"max_tokens", 50}}), 50u);
  EXPECT_EQ(limit({{"max_tokens", 50.0}}), 50u);
  EXPECT_EQ(limit({{"max_tokens", -1}}), std::nullopt);
  EXPECT_EQ(limit({{"max_tokens", 50}, {"max_completion_tokens", -1}}), std::nullopt);
  EXPECT_EQ(limit({}), std::nullopt);
  EXPECT_EQ(limit({{"max_tokens", 9'000'000'000}}), 4'294'967'295u);
}

TEST(ChatRequest, KeepAliveIsSecondsOrADurationUnderEitherName) {
  using namespace std::chrono_literals;
  const auto keep = [](const json::object& change) {
    return keep_alive(read_chat(change)->common);
  };
  EXPECT_FALSE(keep({}).has_value());
  EXPECT_EQ(keep({{"keep_alive", "5m"}})->after, 300s);
  EXPECT_EQ(keep({{"ttl", 60}})->after, 60s);
  EXPECT_EQ(keep({{"keep_alive", 0}, {"ttl", 60}})->after, 0s);
  EXPECT_FALSE(keep({{"keep_alive", -1}})->after.has_value()) << "for ever";
  EXPECT_THAT(faults(read_chat({{"keep_alive", "soon"}, {"ttl", true}})),
              ElementsAre("keep_alive: invalid_argument", "ttl: invalid_argument"));
}

TEST(ChatRequest, SamplingStaysUnsetUnlessAsked) {
  const auto plain = to_engine_request(*read_chat({}));
  EXPECT_FALSE(plain.sampling.temperature || plain.sampling.top_p || plain.sampling.top_k ||
               plain.sampling.seed || plain.sampling.repetition_penalty);
  const auto asked = to_engine_request(*read_chat({{"temperature", 0},
                                                   {"top_p", 0},
                                                   {"top_k", -1},
                                                   {"min_p", 0.1},
                                                   {"seed", 12},
                                                   {"presence_penalty", -2},
                                                   {"frequency_penalty", 2},
                                                   {"ignore_eos", true},
                                                   {"stop", "end"}}));
  EXPECT_EQ(asked.sampling.temperature, 0);
  EXPECT_GT(asked.sampling.top_p, 0) << "the engine's range is open at 0";
  EXPECT_LT(asked.sampling.top_p, 1e-6);
  EXPECT_EQ(asked.sampling.top_k, 0);
  EXPECT_EQ(asked.sampling.min_p, 0.1);
  EXPECT_EQ(asked.sampling.seed, 12u);
  EXPECT_EQ(asked.sampling.presence_penalty, -2);
  EXPECT_EQ(asked.sampling.frequency_penalty, 2);
  EXPECT_TRUE(asked.ignore_eos);
  EXPECT_THAT(asked.stop, ElementsAre("end"));
}

TEST(ChatRequest, BothNamesOfAnExtensionAreRead) {
  const auto ours =
      to_engine_request(*read_chat({{"repetition_penalty", 1.1}, {"repetition_context_size", 64}}));
  EXPECT_EQ(ours.sampling.repetition_penalty, 1.1);
  EXPECT_EQ(ours.sampling.repetition_window, 64);
  const auto theirs =
      to_engine_request(*read_chat({{"repeat_penalty", 1.2}, {"repeat_last_n", -1}}));
  EXPECT_EQ(theirs.sampling.repetition_penalty, 1.2);
  EXPECT_EQ(theirs.sampling.repetition_window, -1);
}

TEST(ChatRequest, ASeedOfMinusOneIsRandomAndAnyOtherCounts) {
  EXPECT_FALSE(to_engine_request(*read_chat({{"seed", -1}})).sampling.seed.has_value());
  EXPECT_TRUE(to_engine_request(*read_chat({{"seed", -7}})).sampling.seed.has_value());
  EXPECT_EQ(to_engine_request(*read_chat({{"seed", 0}})).sampling.seed, 0u);
}

TEST(ChatRequest, TheEffortReachesTheTemplateInWordsItKnows) {
  const auto effort = [](const char* asked) {
    const auto request = read_chat({{"reasoning_effort", asked}});
    const auto* value = input_of(request).variables.if_contains("reasoning_effort");
    return value ? std::string(value->as_string()) : "";
  };
  EXPECT_EQ(effort("none"), "");
  EXPECT_EQ(effort("minimal"), "low");
  EXPECT_EQ(effort("low"), "low");
  EXPECT_EQ(effort("medium"), "medium");
  EXPECT_EQ(effort("max"), "high");
}

TEST(ChatRequest, LogprobsMayNameUpToTwentyLikeliest) {
  const auto wanted = [](const json::object& change) { return read_chat(change)->logprobs; };
  EXPECT_EQ(wanted({}), std::nullopt);
  EXPECT_EQ(wanted({{"logprobs", false}, {"top_logprobs", 0}}), std::nullopt);
  EXPECT_EQ(wanted({{"logprobs", true}}), 0U);
  EXPECT_EQ(wanted({{"logprobs", true}, {"top_logprobs", 20}}), 20U);
  EXPECT_EQ(wanted({{"n_probs", 3}}), 3U) << "llama-server's name";
  EXPECT_EQ(wanted({{"n_probs", 0}}), std::nullopt);
}

TEST(ChatRequest, LimitsAndBiasesReachTheEngine) {
  const auto request = to_engine_request(*read_chat({{"min_tokens", 5},
                                                     {"stop_token_ids", {7, 9}},
                                                     {"t_max_predict_ms", 250},
                                                     {"logit_bias", json::object{{"12", -100}}},
                                                     {"typical_p", 0},
                                                     {"top_n_sigma", -1},
                                                     {"xtc_probability", 0.5},
                                                     {"xtc_threshold", 0.2},
                                                     {"samplers", {"top_k", "temperature"}}}));
  EXPECT_EQ(request.min_tokens, 5U);
  EXPECT_THAT(request.stop_tokens, ElementsAre(7U, 9U));
  EXPECT_EQ(request.time_limit_ms, 250U);
  ASSERT_EQ(request.logit_bias.size(), 1U);
  EXPECT_EQ(std::get<engine::TokenId>(request.logit_bias[0].token), 12U);
  EXPECT_GT(request.sampling.typical_p, 0);
  EXPECT_EQ(request.sampling.top_n_sigma, 0);
  EXPECT_EQ(request.sampling.xtc_threshold, 0.2);
  EXPECT_THAT(*request.sampling.samplers,
              ElementsAre(engine::SamplerStep::TopK, engine::SamplerStep::Temperature));
  EXPECT_FALSE(to_engine_request(*read_chat({{"t_max_predict_ms", -1}})).time_limit_ms);
}

TEST(ChatRequest, WhatIsReturnedOfAnAnswerCanBeChosen) {
  const auto asked =
      read_chat({{"reasoning_format", "none"}, {"return_tokens", true}, {"num_ctx", 64}});
  const auto request = to_engine_request(*asked);
  EXPECT_TRUE(request.raw_reasoning && request.report_ids);
  EXPECT_EQ(request.context_length, 64U);
  EXPECT_EQ(to_engine_request(*read_chat({{"timeout_seconds", 1.5}})).standpoint.deadline_ms,
            1500U);
  EXPECT_THAT(faults(read_chat({{"timeout_seconds", 0}})),
              ElementsAre("timeout_seconds: invalid_argument"));
  EXPECT_TRUE(read_chat({{"include_reasoning", false}})->hide_reasoning);
  const auto plain = to_engine_request(*read_chat({{"reasoning_format", "deepseek"}}));
  EXPECT_FALSE(plain.raw_reasoning || plain.report_ids || plain.context_length);
  EXPECT_THAT(faults(read_chat({{"reasoning_format", "xml"}})),
              ElementsAre("reasoning_format: invalid_argument"));
}

TEST(ChatRequest, OtherProgramsWaysToChooseAreNamedAsIgnored) {
  EXPECT_THAT(read_chat({{"dry_multiplier", 0.8}, {"mirostat", 2}, {"tfs_z", 1.0}})->ignored,
              ElementsAre("dry_multiplier", "mirostat"));
}

TEST(ChatRequest, StopTakesOneTextOrSixteen) {
  json::array texts(16, "x");
  EXPECT_EQ(read_chat({{"stop", texts}})->common.stop->texts.size(), 16u);
  texts.emplace_back("x");
  EXPECT_THAT(faults(read_chat({{"stop", texts}})), ElementsAre("stop: invalid_argument"));
  EXPECT_TRUE(read_chat({{"stop", json::array()}}).has_value());
}

TEST(ChatRequest, MessagesReachTheTemplateAsTheyAre) {
  const auto request = read_messages(R"([
      {"role":"developer","content":"be brief","unknown":1},
      {"role":"user","content":[{"type":"text","text":"a"}],"name":"ann"},
      {"role":"assistant","content":null,"reasoning_content":"hm","tool_calls":[]},
      {"role":"assistant","reasoning":"ho","content":"x"},
      {"role":"system","content":"late"}])");
  ASSERT_TRUE(request.has_value()) << request.error().message;
  EXPECT_EQ(json::value(input_of(request).messages), json::parse(R"([
      {"role":"developer","content":"be brief"},
      {"role":"user","content":[{"type":"text","text":"a"}],"name":"ann"},
      {"role":"assistant","content":"","reasoning_content":"hm"},
      {"role":"assistant","content":"x","reasoning_content":"ho"},
      {"role":"system","content":"late"}])"));
  EXPECT_TRUE(input_of(request).add_generation_prompt);
  EXPECT_FALSE(input_of(request).continue_last);
}

TEST(ChatRequest, TheWiresOwnWordOnThinkingIsStrongest) {
  const auto thinks = [](const json::object& change) {
    return json::value(input_of(read_chat(change)).variables).at("enable_thinking").as_bool();
  };
  const json::object kwargs{{"enable_thinking", true}};
  EXPECT_TRUE(thinks({{"chat_template_kwargs", kwargs}}));
  EXPECT_FALSE(thinks({{"chat_template_kwargs", kwargs}, {"enable_thinking", false}}));
  EXPECT_FALSE(thinks({{"enable_thinking", true}, {"reasoning_effort", "none"}}));
  EXPECT_TRUE(thinks({{"enable_thinking", false}, {"reasoning_effort", "high"}}));
  EXPECT_TRUE(input_of(read_chat({})).variables.empty());
  const auto other = read_chat({{"chat_template_kwargs", json::object{{"style", "short"}}}});
  EXPECT_EQ(input_of(other).variables.at("style"), "short");
}

TEST(ChatRequest, AnAnswerMayBeContinued) {
  const std::string said = R"([{"role":"user","content":"a"},{"role":"assistant","content":"so"}])";
  const json::value messages = json::parse(said);
  const auto request = read_chat({{"messages", messages}, {"continue_final_message", true}});
  ASSERT_TRUE(request.has_value());
  EXPECT_TRUE(input_of(request).continue_last);
  EXPECT_FALSE(input_of(request).add_generation_prompt);
  EXPECT_THAT(faults(read_chat({{"messages", messages},
                                {"continue_final_message", true},
                                {"add_generation_prompt", true}})),
              ElementsAre("continue_final_message: invalid_argument"));
  EXPECT_FALSE(input_of(read_chat({{"add_generation_prompt", false}})).add_generation_prompt);
}

}  // namespace
}  // namespace hearth::api::openai
