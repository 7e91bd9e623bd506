// What goes into a frame comes out of it, and nothing that comes out of a stranger's frame does
// harm.
#include <cmath>
#include <gtest/gtest.h>
#include <random>
#include <string>
#include <vector>

#include "engine/wire/convert.h"
#include "engine/wire/frames.h"

namespace hearth::engine::wire {
namespace {

engine::Request full_request() {
  engine::Request request;
  request.id = "req_1";
  ChatInput chat;
  chat.messages = base::parse_json(
                      R"([{"role":"user","content":"Grüße, \u0000 \ud83d\ude00","b":1,"a":[2.5]}])")
                      ->as_array();
  chat.variables = base::parse_json(R"({"enable_thinking":false})")->as_object();
  chat.add_generation_prompt = false;
  chat.continue_last = true;
  request.input = chat;
  request.sampling = {
      .temperature = 0.7,
      .top_p = 0.9,
      .top_k = 40,
      .min_p = 0.05,
      .repetition_penalty = 1.1,
      .presence_penalty = -0.5,
      .frequency_penalty = 0.25,
      .repetition_window = -1,
      .seed = 18446744073709551615ULL,
      .typical_p = 0.95,
      .top_n_sigma = 1.5,
      .xtc_probability = 0.5,
      .xtc_threshold = 0.2,
      .samplers = {{SamplerStep::Penalties, SamplerStep::TopK, SamplerStep::Temperature}}};
  request.max_tokens = 100;
  request.stop = {"\n\n", "END"};
  request.ignore_eos = true;
  request.stop_tokens = {5, 0};
  request.min_tokens = 9;
  request.logit_bias = {{TokenId{0}, -100}, {std::string(" caf\xC3"), 2.5}};
  request.logprobs = 0;
  request.echo = true;
  request.time_limit_ms = 0;
  request.context_length = 512;
  request.raw_reasoning = true;
  request.report_ids = true;
  request.adapters = {{0U, 0.5}, {std::string("poet"), -1}};
  request.reuse_prefix = false;
  request.whole = true;
  request.cache_salt = std::string("a\0b", 3);
  request.keep = "a document";
  return request;
}

TEST(Convert, RequestsComeBackAsTheyWere) {
  const engine::Request request = full_request();
  const auto back = read_request(write_request(7, request));
  ASSERT_TRUE(back) << back.error().message;
  const auto& chat = std::get<ChatInput>(back->input);
  EXPECT_EQ(json::serialize(chat.messages),
            json::serialize(std::get<ChatInput>(request.input).messages));  // members in order
  EXPECT_FALSE(chat.add_generation_prompt);
  EXPECT_TRUE(chat.continue_last);
  EXPECT_EQ(back->sampling.temperature, 0.7);
  EXPECT_EQ(back->sampling.repetition_window, -1);
  EXPECT_EQ(back->sampling.seed, 18446744073709551615ULL);
  EXPECT_EQ(back->max_tokens, 100U);
  EXPECT_EQ(back->stop, request.stop);
  EXPECT_TRUE(back->ignore_eos);
  EXPECT_EQ(back->sampling.typical_p, 0.95);
  EXPECT_EQ(back->sampling.top_n_sigma, 1.5);
  EXPECT_EQ(back->sampling.xtc_probability, 0.5);
  EXPECT_EQ(back->sampling.xtc_threshold, 0.2);
  EXPECT_EQ(back->sampling.samplers, request.sampling.samplers);
  EXPECT_EQ(back->stop_tokens, (std::vector<TokenId>{5, 0}));
  EXPECT_EQ(back->min_tokens, 9U);
  ASSERT_EQ(back->logit_bias.size(), 2U);
  EXPECT_EQ(back->logit_bias[0].token, request.logit_bias[0].token);
  EXPECT_EQ(back->logit_bias[1].token, request.logit_bias[1].token);
  EXPECT_EQ(back->logit_bias[1].bias, 2.5);
  EXPECT_EQ(back->logprobs, 0U);
  EXPECT_TRUE(back->echo);
  EXPECT_EQ(back->time_limit_ms, 0U);
  EXPECT_EQ(back->context_length, 512U);
  EXPECT_TRUE(back->raw_reasoning && back->report_ids);
  ASSERT_EQ(back->adapters.size(), 2U);
  EXPECT_EQ(back->adapters[0].adapter, request.adapters[0].adapter);
  EXPECT_EQ(back->adapters[0].scale, 0.5);
  EXPECT_EQ(back->adapters[1].adapter, request.adapters[1].adapter);
  EXPECT_EQ(back->adapters[1].scale, -1);
  EXPECT_FALSE(back->reuse_prefix);
  EXPECT_TRUE(back->whole);
  EXPECT_EQ(back->cache_salt, request.cache_salt);
  EXPECT_EQ(back->keep, "a document");
}

TEST(Convert, ASamplerStepThatNobodyKnowsIsAnError) {
  Submit message = write_request(1, full_request());
  message.mutable_sampling()->mutable_samplers()->add_steps(99);
  EXPECT_EQ(read_request(message).error().code, ErrorCode::CorruptData);
  message = write_request(1, full_request());
  message.add_logit_bias()->set_bias(1);
  EXPECT_EQ(read_request(message).error().code, ErrorCode::CorruptData);
}

TEST(Convert, ReportsComeBackAsTheyWere) {
  TextDelta delta{.text = "\xC3\xA9", .tokens = 2};
  delta.reports = {{.id = 3, .bytes = "\xC3", .logprob = {}, .top = {}, .offset = 0},
                   {.id = 4,
                    .bytes = "\xA9",
                    .logprob = -0.5F,
                    .top = {{.id = 4, .bytes = "\xA9", .logprob = -0.5F},
                            {.id = 9, .bytes = "x", .logprob = -INFINITY}},
                    .offset = 7}};
  delta.ids = {3, 4};
  const auto back = std::get<TextDelta>(*read_event(write_event(delta)));
  EXPECT_EQ(back.ids, delta.ids);
  ASSERT_EQ(back.reports.size(), 2U);
  EXPECT_FALSE(back.reports[0].logprob);
  EXPECT_EQ(back.reports[0].bytes, "\xC3");
  EXPECT_EQ(back.reports[1].logprob, -0.5F);
  EXPECT_EQ(back.reports[1].offset, 7U);
  EXPECT_EQ(back.reports[1].top[1].bytes, "x");
  EXPECT_EQ(back.reports[1].top[1].logprob, -INFINITY);
  EXPECT_EQ(std::get<Finished>(*read_event(write_event(Finished{.logprob = -3.5}))).logprob, -3.5);
}

TEST(Convert, WhatARequestLeavesOpenStaysOpen) {
  const auto back = read_request(write_request(7, {.id = "x", .input = TokenInput{{1, 2, 3}}}));
  ASSERT_TRUE(back);
  EXPECT_EQ(std::get<TokenInput>(back->input).tokens, (std::vector<TokenId>{1, 2, 3}));
  EXPECT_FALSE(back->sampling.temperature || back->sampling.top_k || back->sampling.seed);
  EXPECT_FALSE(back->max_tokens || back->keep);
  EXPECT_FALSE(back->sampling.samplers || back->logprobs || back->time_limit_ms || back->echo);
}

TEST(Convert, EventsComeBackAsTheyWere) {
  const auto back = [](const engine::Event& event) { return *read_event(write_event(event)); };
  EXPECT_EQ(std::get<Admitted>(back(Admitted{5})).prompt_tokens, 5U);
  EXPECT_EQ(std::get<PromptProgress>(back(PromptProgress{2, 9})).total, 9U);
  const auto delta = std::get<TextDelta>(back(TextDelta{TextDelta::Kind::Reasoning, "hm", 2}));
  EXPECT_EQ(delta.kind, TextDelta::Kind::Reasoning);
  EXPECT_EQ(delta.text, "hm");
  EXPECT_EQ(delta.tokens, 2U);
  const auto finished = std::get<Finished>(back(Finished{.reason = FinishReason::StopString,
                                                         .stop_string = "END",
                                                         .usage = {1, 2, 3, 4},
                                                         .timings = {1.5, 2.5, 3.5},
                                                         .kept = "0123"}));
  EXPECT_EQ(finished.kept, "0123");
  EXPECT_EQ(finished.reason, FinishReason::StopString);
  EXPECT_EQ(finished.stop_string, "END");
  EXPECT_EQ(finished.usage.reasoning_tokens, 4U);
  EXPECT_EQ(finished.timings.decode_ms, 3.5);
  Error error{.code = ErrorCode::Overloaded, .message = "later", .param = "model"};
  error.fields = {{"messages[0].role", "is unknown", ErrorCode::UnsupportedArgument}};
  error.retry_after = std::chrono::seconds(3);
  const Error told = std::get<Failed>(back(Failed{error})).error;
  EXPECT_EQ(told.code, ErrorCode::Overloaded);
  EXPECT_EQ(told.fields.at(0).code, ErrorCode::UnsupportedArgument);
  EXPECT_EQ(told.retry_after, std::chrono::seconds(3));
}

TEST(Convert, CountsAndBytesComeBackAsTheyWere) {
  EngineStats stats{.pages_used = 1, .pages_total = 2};
  stats.scheduler.pages_cached = 3;
  stats.scheduler.pages_free = 4;
  stats.scheduler.windows_used = 5;
  stats.scheduler.windows_cached = 6;
  stats.scheduler.windows_free = 7;
  stats.scheduler.windows_total = 8;
  stats.memory = {.cache_bytes = 11,
                  .spare_bytes = 12,
                  .work_bytes = 13,
                  .request_bytes = 14,
                  .largest_request_bytes = 15};
  stats.kernels = {{"packed_product", "avx512", 9}, {"norm", "generic", 10}};
  const EngineStats back = read_stats(write_stats(stats));
  ASSERT_EQ(back.kernels.size(), 2U);
  EXPECT_EQ(back.kernels[0].operation, "packed_product");
  EXPECT_EQ(back.kernels[1].path, "generic");
  EXPECT_EQ(back.kernels[1].calls, 10U);
  EXPECT_EQ(back.pages_used, 1U);
  EXPECT_EQ(back.pages_total, 2U);
  EXPECT_EQ(back.scheduler.pages_cached, 3U);
  EXPECT_EQ(back.scheduler.pages_free, 4U);
  EXPECT_EQ(back.scheduler.windows_used, 5U);
  EXPECT_EQ(back.scheduler.windows_cached, 6U);
  EXPECT_EQ(back.scheduler.windows_free, 7U);
  EXPECT_EQ(back.scheduler.windows_total, 8U);
  EXPECT_EQ(back.memory.cache_bytes, 11U);
  EXPECT_EQ(back.memory.spare_bytes, 12U);
  EXPECT_EQ(back.memory.work_bytes, 13U);
  EXPECT_EQ(back.memory.request_bytes, 14U);
  EXPECT_EQ(back.memory.largest_request_bytes, 15U);
}

TEST(Frames, AreCutWhereTheyEndHoweverTheBytesCome) {
  const std::vector<std::string> bodies = {"", "a", std::string(70000, 'x'),
                                           std::string{'\0', '\1', '\2'}};
  std::string stream;
  for (const std::string& body : bodies) stream += *make_frame(body);
  for (const std::size_t piece :
       {std::size_t{1}, std::size_t{3}, std::size_t{4096}, stream.size()}) {
    FrameReader reader;
    std::vector<std::string> seen;
    for (std::size_t i = 0; i < stream.size(); i += piece) {
      reader.append(std::string_view(stream).substr(i, piece));
      while (auto body = *reader.next()) seen.push_back(*body);
    }
    EXPECT_EQ(seen, bodies) << piece;
  }
}

TEST(Frames, AnImpossibleLengthIsAnErrorBeforeItsBytesCome) {
  FrameReader reader;
  reader.append("\xFF\xFF\xFF\xFFwhatever");
  EXPECT_EQ(reader.next().error().code, ErrorCode::CorruptData);
}

/// Reads a stream of either direction to its end, as both ends of the connection do.
template <class Message, class Read>
int read_all(const std::string& stream, Read read) {
  FrameReader reader;
  reader.append(stream);
  int understood = 0;
  while (true) {
    const auto body = reader.next();
    if (!body || !*body) return understood;
    Message message;
    if (!message.ParseFromString(**body)) return understood;
    understood += read(message) ? 1 : 0;
  }
}

int read_as_worker(const std::string& stream) {
  return read_all<ToWorker>(stream, [](const ToWorker& message) {
    return message.has_submit() && read_request(message.submit()).has_value();
  });
}

int read_as_server(const std::string& stream) {
  return read_all<ToServer>(stream, [](const ToServer& message) {
    int good = 0;
    for (const Event& event : message.events().events()) good += read_event(event) ? 1 : 0;
    read_model(message.ready());
    read_stats(message.stats());
    static_cast<void>(read_problem(message.refused()));
    return good > 0;
  });
}

std::string mutated(std::string stream, std::mt19937& random) {
  for (std::uint32_t edits = 1 + random() % 4; edits > 0; --edits) {
    const std::size_t at = random() % stream.size();
    switch (random() % 5) {
      case 0:
        stream[at] = static_cast<char>(random());
        break;
      case 1:
        stream[at] = static_cast<char>(stream[at] ^ (1 << random() % 8));
        break;
      case 2:
        stream.erase(at, 1 + random() % 9);
        break;
      case 3:
        stream.insert(at, stream.substr(random() % stream.size(), random() % 20));
        break;
      default:
        stream.resize(at + 1);
        break;
    }
    if (stream.empty()) return "x";
  }
  return stream;
}

TEST(Frames, MutatedStreamsAreReadOrRefusedButDoNoHarm) {
  ToWorker submit;
  *submit.mutable_submit() = write_request(1, full_request());
  ToServer events;
  events.mutable_events()->set_request(1);
  *events.mutable_events()->add_events() = write_event(TextDelta{.text = "Hello", .tokens = 1});
  *events.mutable_events()->add_events() = write_event(Finished{});
  const std::string to_worker = *make_frame(submit.SerializeAsString());
  const std::string to_server = *make_frame(events.SerializeAsString());
  ASSERT_EQ(read_as_worker(to_worker + to_worker), 2);
  ASSERT_EQ(read_as_server(to_server), 1);

  std::mt19937 random(1);
  int understood = 0;
  for (int i = 0; i < 20000; ++i) {
    understood += read_as_worker(mutated(to_worker + to_worker, random));
    understood += read_as_server(mutated(to_server + to_server, random));
  }
  EXPECT_GT(understood, 0);  // small damage leaves some frames whole
}

}  // namespace
}  // namespace hearth::engine::wire
