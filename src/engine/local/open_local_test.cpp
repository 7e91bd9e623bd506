// Real models through the whole engine: chunks, company, preemption, published text, refusals.
#include "engine/open_local.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/json.h"
#include "engine/local/model_files.h"
#include "engine/local/testing/tiny_answers.h"
#include "engine/local/testing/tiny_model.h"
#include "engine/testing/collect.h"
#include "engine/testing/fake_engine.h"
#include "engine/testing/tiny_tokenizer.h"
#include "text/tokenizer.h"

namespace hearth::engine {
namespace {

using testing::collect;
using testing::Collected;
using testing::eventually;
using testing::finished_answer;
using testing::greedy_request;
using testing::open_engine;
using testing::TinyModel;

std::vector<std::string> eight_prompts() {
  std::vector<std::string> all;
  for (int i = 0; i < 8; ++i) {
    std::string prompt;
    for (int n = 0; n < 5 + 13 * i; ++n) prompt += static_cast<char>('A' + (n * n + 7 * i) % 26);
    all.push_back(prompt);
  }
  return all;
}

Request varied(std::size_t index, double temperature) {
  Request request =
      greedy_request(eight_prompts()[index], static_cast<std::uint32_t>(70 - 5 * index));
  request.sampling.temperature = temperature;
  request.sampling.seed = index;
  return request;
}

std::vector<std::string> one_by_one(Engine& engine, double temperature) {
  std::vector<std::string> answers;
  for (std::size_t i = 0; i < eight_prompts().size(); ++i)
    answers.push_back(finished_answer(engine, varied(i, temperature)).content);
  return answers;
}

std::vector<std::string> together(Engine& engine, double temperature) {
  std::vector<std::unique_ptr<Generation>> running;
  running.reserve(eight_prompts().size());
  for (std::size_t i = 0; i < eight_prompts().size(); ++i)
    running.push_back(engine.submit(varied(i, temperature)));
  std::vector<std::string> answers;
  answers.reserve(running.size());
  for (const auto& generation : running) answers.push_back(collect(*generation).content);
  return answers;
}

TEST(OpenLocal, SaysWhatTheModelIs) {
  const TinyModel model;
  const auto engine = open_engine({.folder = model.folder(), .name = "tiny", .max_sequences = 2});
  const ModelInfo& info = engine->model();
  EXPECT_EQ(info.name, "tiny");
  EXPECT_EQ(info.architecture, "llama");
  EXPECT_EQ(info.vocabulary, testing::kVocabulary);
  EXPECT_EQ(info.context_length, 512U);
  EXPECT_EQ(info.end_tokens, (std::vector<TokenId>{testing::kEnd}));
  EXPECT_EQ(info.quantisation, "f32");
  EXPECT_TRUE(info.has_chat_template);
  EXPECT_TRUE(info.can_think);
  EXPECT_EQ(info.parameters, 90752U);  // 261*64 + 64 + 2 * (2*64 + 2*64*64 + 2*32*64 + 3*128*64)
  EXPECT_EQ(engine->stats().pages_total, 32U);  // two contexts of sixteen pages
  EXPECT_GE(engine->stats().active_bytes, info.parameters * 4);
}

TEST(OpenLocal, OnePassEqualsChunksEqualsTokenByToken) {
  const TinyModel model;
  const auto whole = open_engine({.folder = model.folder(), .tokens_per_step = 512});
  const auto expected = one_by_one(*whole, 0);
  EXPECT_GT(expected[0].size(), 60U);
  for (const std::uint32_t tokens : {1U, 7U, 32U}) {
    const auto chunked = open_engine({.folder = model.folder(), .tokens_per_step = tokens});
    EXPECT_EQ(one_by_one(*chunked, 0), expected) << tokens;
  }
}

TEST(OpenLocal, CompanyDoesNotChangeAnAnswer) {
  const TinyModel model;
  const auto engine = open_engine({.folder = model.folder(), .tokens_per_step = 40});
  for (const double temperature : {0.0, 1.0})
    EXPECT_EQ(together(*engine, temperature), one_by_one(*engine, temperature)) << temperature;
}

TEST(OpenLocal, PreemptionDoesNotChangeAnAnswer) {
  const TinyModel model(/*context_length=*/256);
  const auto ample = open_engine({.folder = model.folder()});
  const auto scarce =
      open_engine({.folder = model.folder(), .kv_bytes = 9 * TinyModel::kPageBytes});
  ASSERT_EQ(scarce->stats().pages_total, 9U);
  for (const double temperature : {0.0, 1.0})
    EXPECT_EQ(together(*scarce, temperature), one_by_one(*ample, temperature)) << temperature;
  // Prompts that were computed anew count again: that is how we know that it happened.
  EXPECT_TRUE(eventually([&] { return scarce->stats().running == 0; }));
  EXPECT_GT(scarce->stats().prompt_tokens, ample->stats().prompt_tokens);
}

TEST(OpenLocal, APrefixThatWasComputedBeforeDoesNotChangeAnAnswer) {
  const TinyModel model;
  const auto cold = open_engine({.folder = model.folder(), .prefix_cache = false});
  const auto warm = open_engine({.folder = model.folder()});
  const std::string text = eight_prompts().back() + eight_prompts()[6];
  std::uint32_t cached = 0;
  for (const std::size_t shared : {90U, 170U, 170U, 64U, 65U, 31U, 33U, 169U}) {
    for (const std::string& end : {std::string(), std::string("But then"), std::string("x")}) {
      const Request request = greedy_request(text.substr(0, shared) + end, 40);
      const Collected said = finished_answer(*warm, request);
      EXPECT_EQ(said.content, finished_answer(*cold, request).content) << shared << end;
      cached += said.finished->usage.cached_tokens;
    }
  }
  EXPECT_GT(cached, 1500U);
  EXPECT_EQ(cold->stats().scheduler.hit_tokens, 0U);
}

TEST(OpenLocal, StepTimesAreMeasuredInIdleMomentsAndKept) {
  const TinyModel model;
  const auto file = model.folder() / "times" / "step-times.json";
  const EngineOptions options{
      .folder = model.folder(), .tokens_per_step = 64, .measure_steps = true, .step_times = file};
  {
    const auto engine = open_engine(options);
    EXPECT_TRUE(eventually([&] { return engine->stats().scheduler.step_times.size() == 7; }));
    finished_answer(*engine, greedy_request("Hello"));
    EXPECT_EQ(engine->stats().scheduler.pages_cached, 2U);  // trials leave nothing behind
  }
  EXPECT_TRUE(std::filesystem::exists(file));
  const auto again =
      open_engine({.folder = model.folder(), .tokens_per_step = 64, .step_times = file});
  EXPECT_EQ(again->stats().scheduler.step_times.size(), 7U);
}

TEST(OpenLocal, CancellingFreesThePages) {
  const TinyModel model(/*context_length=*/100000);
  const auto engine = open_engine({.folder = model.folder(), .max_sequences = 4});
  auto generation = engine->submit(greedy_request("Hello", 90000));
  ASSERT_TRUE(eventually([&] { return engine->stats().pages_used > 1; }));
  generation.reset();
  EXPECT_TRUE(eventually([&] { return engine->stats().pages_used == 0; }));
}

TEST(OpenLocal, AConversationGoesThroughTheTemplate) {
  const TinyModel model;
  const auto engine = open_engine({.folder = model.folder()});
  Request chat = greedy_request("", 10);
  chat.input = ChatInput{
      .messages = base::parse_json(R"([{"role":"user","content":"Hi<|bot|>"}])")->as_array()};
  Request raw = greedy_request("", 10);
  // What the user wrote stays letters; what the template wrote is control tokens.
  raw.input = TokenInput{{testing::kUser, 'H', 'i', 'b', 'o', 't', testing::kBot}};
  const Collected said = finished_answer(*engine, chat);
  EXPECT_EQ(said.finished->usage.prompt_tokens, 7U);
  EXPECT_EQ(said.content + said.reasoning, finished_answer(*engine, raw).content);
}

TEST(OpenLocal, RefusalsNameTheModelAndTheFile) {
  const auto message = [](const TinyModel& model) {
    const auto engine = open_local({.folder = model.folder(), .name = "tiny"});
    return engine ? "loaded" : engine.error().message;
  };
  TinyModel no_tokenizer;
  no_tokenizer.remove("tokenizer.json");
  EXPECT_NE(message(no_tokenizer).find("tokenizer.json"), std::string::npos)
      << message(no_tokenizer);
  TinyModel broken_defaults;
  broken_defaults.write("generation_config.json", "{");
  EXPECT_NE(message(broken_defaults).find("generation_config.json"), std::string::npos);
  TinyModel no_weights;
  no_weights.remove("model.safetensors");
  EXPECT_TRUE(message(no_weights).starts_with("load ")) << message(no_weights);
  EXPECT_NE(message(no_weights).find("model.safetensors"), std::string::npos);
}

TEST(ModelFiles, TheModelsOwnSamplingIsRead) {
  const TinyModel model;
  EXPECT_FALSE(read_sampling_defaults(model.folder())->temperature);
  model.write("generation_config.json",
              R"({"temperature": 0.6, "top_k": 20, "eos_token_id": 256})");
  const auto sampling = read_sampling_defaults(model.folder());
  ASSERT_TRUE(sampling);
  EXPECT_EQ(sampling->temperature, 0.6);
  EXPECT_EQ(sampling->top_k, 20);
}

TEST(ModelFiles, TheFingerprintFollowsTheWeights) {
  const TinyModel first;
  const TinyModel second;
  EXPECT_EQ(fingerprint(first.folder()), fingerprint(second.folder()));
  EXPECT_EQ(fingerprint(first.folder()).size(), 15U);
  second.write("model.safetensors", "other");
  EXPECT_NE(fingerprint(first.folder()), fingerprint(second.folder()));
}

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class Stories : public ::testing::Test {
 protected:
  void SetUp() override {
    data_ = std::filesystem::path(HEARTH_SOURCE_DIR).parent_path() / "shared/data/stories260K";
    if (!std::filesystem::exists(data_)) GTEST_SKIP() << "no test data at " << data_;
  }
  std::filesystem::path data_;
};

TEST_F(Stories, GreedyTextIsThePublishedStoryLetterForLetter) {
  const auto engine = open_engine({.folder = data_ / "hf-f32"});
  Request request = greedy_request("Once upon a time");
  request.max_tokens.reset();
  request.ignore_eos = false;
  const Collected said = finished_answer(*engine, request);
  const std::string page = read_file(data_ / "published_greedy_story.md");
  const std::size_t begin = page.find("Once upon a time");
  const std::string published = page.substr(begin, page.find("\n```", begin) - begin);
  const std::string story = "Once upon a time" + said.content;
  EXPECT_EQ(story.substr(0, published.size()), published);
}

TEST_F(Stories, GreedyIdsAreThoseOfTheIndependentForwardPass) {
  const auto golden = base::parse_json(read_file(data_ / "golden.json"));
  const auto tokenizer = text::Tokenizer::load(data_ / "hf-f32");
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  const auto engine = open_engine({.folder = data_ / "hf-f32"});
  for (const json::value& test : golden->at("cases").as_array()) {
    const auto greedy = json::value_to<std::vector<TokenId>>(test.at("greedy_ids"));
    Request request = greedy_request(test.at("prompt").as_string().c_str());
    request.max_tokens = static_cast<std::uint32_t>(greedy.size());
    const std::string said = finished_answer(*engine, request).content;
    auto ids = json::value_to<std::vector<TokenId>>(test.at("ids"));
    ids.insert(ids.end(), greedy.begin(), greedy.end());
    const auto whole = (*tokenizer)->decode(ids, text::SkipSpecial::Yes);
    EXPECT_EQ(std::string(test.at("prompt").as_string().c_str()) + said, *whole);
  }
}

}  // namespace
}  // namespace hearth::engine
