// A whole engine with a device that a test scripts: ends, stops, errors, cancelling, company.
#include <atomic>
#include <chrono>
#include <cmath>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>

#include "base/json.h"
#include "engine/host/local_engine.h"
#include "engine/testing/collect.h"
#include "engine/testing/fake_engine.h"
#include "engine/testing/fake_runner.h"
#include "engine/testing/tiny_tokenizer.h"

namespace hearth::engine {
namespace {

using testing::answer;
using testing::collect;
using testing::Collected;
using testing::eventually;
using testing::kEnd;
using testing::kThink;
using testing::kThinkEnd;
using testing::spell_on;

ModelTexts tiny_texts(bool chat = false) {
  const auto config = base::parse_json(testing::tiny_tokenizer_config())->as_object();
  ModelTexts texts;
  texts.tokenizer = *text::Tokenizer::from_json(testing::tiny_tokenizer_json(), config);
  texts.sampling = {.temperature = 0};
  if (chat) texts.chat_template = *text::ChatTemplate::compile(config.at("chat_template"), {});
  return texts;
}

struct Setup {
  testing::Logits logits = testing::certain(spell_on);
  std::function<Result<void>()> before = {};
  std::uint32_t pages = 256;
  std::uint32_t context = 256;
  SchedulerLimits limits = {.sequences = 16, .tokens_per_step = 64};
  bool chat = false;
};

std::unique_ptr<Engine> open_set_up(const Setup& setup) {
  auto engine = LocalEngine::open({.limits = setup.limits}, tiny_texts(setup.chat), [setup] {
    return LoadedModel{
        .runner = std::make_unique<testing::FakeRunner>(setup.logits, setup.pages, setup.before),
        .info = {.name = "toy",
                 .vocabulary = testing::kVocabulary,
                 .context_length = setup.context,
                 .end_tokens = {kEnd}},
        .pages = setup.pages};
  });
  EXPECT_TRUE(engine) << engine.error().message;
  return std::move(*engine);
}

Request ask_text(const std::string& text) {
  return {.id = "r", .input = TextInput{text}};
}

/// Counts how often it may rest.
class RestingRunner final : public StepRunner {
 public:
  explicit RestingRunner(std::shared_ptr<std::atomic<int>> rests)
      : inner_(testing::certain(spell_on), 256), rests_(std::move(rests)) {}
  Result<void> run(const StepPlan& plan, const TakeRow& take) override {
    return inner_.run(plan, take);
  }
  void forget() override { inner_.forget(); }
  void rest() override { ++*rests_; }
  Memory memory() const override { return inner_.memory(); }

 private:
  testing::FakeRunner inner_;
  std::shared_ptr<std::atomic<int>> rests_;
};

TEST(LocalEngine, WithoutWorkTheDeviceRestsOnceAndThenGoesOn) {
  const auto rests = std::make_shared<std::atomic<int>>(0);
  LoopOptions options;
  options.rest_after = std::chrono::milliseconds(1);
  const auto engine = LocalEngine::open(options, tiny_texts(), [rests] {
    return LoadedModel{.runner = std::make_unique<RestingRunner>(rests),
                       .info = {.name = "toy",
                                .vocabulary = testing::kVocabulary,
                                .context_length = 256,
                                .end_tokens = {kEnd}},
                       .pages = 256};
  });
  ASSERT_TRUE(engine) << engine.error().message;
  ASSERT_TRUE(eventually([&] { return *rests == 1; }));
  EXPECT_EQ(answer(**engine, ask_text("w")).content, "xyz");
  EXPECT_TRUE(eventually([&] { return *rests == 2; }));
}

TEST(LocalEngine, AnswersUntilTheEndToken) {
  const auto engine = open_set_up({});
  const Collected said = answer(*engine, ask_text("w"));
  ASSERT_TRUE(said.finished);
  EXPECT_EQ(said.content, "xyz");
  EXPECT_EQ(said.finished->reason, FinishReason::Stop);
  EXPECT_EQ(said.admitted->prompt_tokens, 1U);
  EXPECT_EQ(said.finished->usage.prompt_tokens, 1U);
  EXPECT_EQ(said.finished->usage.completion_tokens, 4U);  // with the end token
  EXPECT_EQ(said.told_tokens, 3U);
  EXPECT_GE(said.finished->timings.prompt_ms, 0);
  EXPECT_EQ(engine->stats().running, 0U);
  EXPECT_TRUE(eventually([&] { return engine->stats().completion_tokens == 4; }));
}

TEST(LocalEngine, TellsWhatRequestsHeldAtMost) {
  const auto engine = open_set_up({.pages = 50});
  ASSERT_TRUE(
      answer(*engine, ask_text("wwwww")).finished);  // one step of 5 tokens, then single ones
  ASSERT_TRUE(eventually([&] { return engine->stats().memory.request_bytes > 0; }));
  EngineStats stats = engine->stats();
  EXPECT_EQ(stats.memory.request_bytes, 1050 + 10 * 5);
  EXPECT_EQ(stats.memory.work_bytes, 1000 + 10 * 5) << "without keys and values";
  ASSERT_TRUE(answer(*engine, ask_text("vw")).finished);
  ASSERT_TRUE(eventually([&] { return engine->stats().memory.request_bytes != 1100; }));
  stats = engine->stats();
  EXPECT_EQ(stats.memory.request_bytes, 1050 + 10 * 2);
  EXPECT_EQ(stats.memory.largest_request_bytes, 1050 + 10 * 5);
  EXPECT_EQ(stats.memory.cache_bytes, 50U);
  EXPECT_EQ(stats.memory.spare_bytes, 3U);
}

TEST(LocalEngine, StopsAtMaxTokensAndAtTheEndOfTheContext) {
  const auto engine = open_set_up({.context = 40});
  Request limited = ask_text("a");
  limited.max_tokens = 3;
  const Collected short_answer = answer(*engine, limited);
  EXPECT_EQ(short_answer.content, "bcd");
  EXPECT_EQ(short_answer.finished->reason, FinishReason::Length);

  Request endless = ask_text("a");
  endless.ignore_eos = true;
  endless.max_tokens = 1000;
  const Collected full = answer(*engine, endless);
  EXPECT_EQ(full.content, "bcdefghijklmnopqrstuvwxyzabcdefghijklm");  // the end token has no text
  EXPECT_EQ(full.finished->reason, FinishReason::ContextFull);
  EXPECT_EQ(full.finished->usage.completion_tokens, 39U);
}

TEST(LocalEngine, APromptBeyondTheContextIsRefusedWithBothNumbers) {
  const auto engine = open_set_up({.context = 40});
  const Collected refused = answer(*engine, ask_text(std::string(41, 'a')));
  ASSERT_TRUE(refused.failed);
  EXPECT_EQ(refused.failed->code, ErrorCode::ContextExceeded);
  EXPECT_EQ(
      refused.failed->message,
      "This model's maximum context length is 40 tokens. However, your messages resulted in 41 "
      "tokens. Please reduce the length of the messages.");
}

TEST(LocalEngine, WrongRequestsFailWithTheirReason) {
  const auto engine = open_set_up({});
  const auto code = [&](Request request) {
    const Collected said = answer(*engine, std::move(request));
    return said.failed ? said.failed->code : ErrorCode::Internal;
  };
  EXPECT_EQ(code(ask_text("")), ErrorCode::InvalidArgument);
  EXPECT_EQ(code({.input = TokenInput{{1, testing::kVocabulary}}}), ErrorCode::InvalidArgument);
  EXPECT_EQ(code({.input = ChatInput{}}), ErrorCode::UnsupportedCapability);
  EXPECT_EQ(code({.input = TextInput{"a"}, .sampling = {.top_p = 7.0}}),
            ErrorCode::InvalidArgument);
  EXPECT_EQ(code({.input = TextInput{"a"}, .max_tokens = 0}), ErrorCode::InvalidArgument);
  EXPECT_EQ(code({.input = TextInput{"a"}, .stop = std::vector<std::string>(17, "x")}),
            ErrorCode::InvalidArgument);
}

TEST(LocalEngine, StopStringsEndTheAnswerAndAreNotInIt) {
  const auto engine = open_set_up({});
  Request request = ask_text("a");
  request.stop = {"zzz", "mn"};
  const Collected said = answer(*engine, request);
  EXPECT_EQ(said.content, "bcdefghijkl");
  EXPECT_EQ(said.finished->reason, FinishReason::StopString);
  EXPECT_EQ(said.finished->stop_string, "mn");
  EXPECT_EQ(said.finished->usage.completion_tokens, 13U);
  EXPECT_TRUE(eventually([&] { return engine->stats().running == 0; }));

  request.stop = {"yz!"};  // begins, but never comes: nothing may be missing
  EXPECT_EQ(answer(*engine, request).content, "bcdefghijklmnopqrstuvwxyz");
}

TEST(LocalEngine, DroppingTheHandleFreesThePages) {
  const auto engine = open_set_up({.pages = 4000, .context = 100000});
  Request endless = ask_text("a");
  endless.ignore_eos = true;
  auto generation = engine->submit(endless);
  ASSERT_TRUE(eventually([&] { return engine->stats().pages_used > 2; }));
  generation.reset();
  EXPECT_TRUE(eventually([&] { return engine->stats().pages_used == 0; }));
  EXPECT_EQ(engine->stats().running, 0U);
}

TEST(LocalEngine, DroppingBeforeItStartsLeavesNothingBehind) {
  const auto engine = open_set_up({});
  for (int i = 0; i < 200; ++i) engine->submit(ask_text("a"));
  EXPECT_EQ(answer(*engine, ask_text("x")).content, "yz");
  EXPECT_TRUE(eventually([&] { return engine->stats().pages_used == 0; }));
}

TEST(LocalEngine, AFailingStepFailsItsOwnRequestsAndTheEngineLivesOn) {
  const auto broken = std::make_shared<std::atomic<bool>>(true);
  const auto engine = open_set_up({.before = [broken]() -> Result<void> {
    if (broken->exchange(false)) return fail(ErrorCode::OutOfMemory, "the device is full");
    return {};
  }});
  const Collected failed = answer(*engine, ask_text("a"));
  ASSERT_TRUE(failed.failed);
  EXPECT_EQ(failed.failed->code, ErrorCode::OutOfMemory);
  EXPECT_EQ(answer(*engine, ask_text("w")).content, "xyz");
}

TEST(LocalEngine, NonsenseLogitsFailTheRequest) {
  const auto engine = open_set_up({.logits = [](std::span<const TokenId>) {
    return std::vector<float>(testing::kVocabulary, std::nanf(""));
  }});
  EXPECT_EQ(answer(*engine, ask_text("a")).failed->code, ErrorCode::Internal);
}

TEST(LocalEngine, UnloadingFailsWhatRuns) {
  auto engine = open_set_up({.pages = 4000, .context = 100000});
  Request endless = ask_text("a");
  endless.ignore_eos = true;
  const auto generation = engine->submit(endless);
  ASSERT_TRUE(eventually([&] { return engine->stats().running == 1; }));
  engine.reset();
  const Collected said = collect(*generation);
  ASSERT_TRUE(said.failed);
  EXPECT_EQ(said.failed->code, ErrorCode::Cancelled);
}

TEST(LocalEngine, AModelThatCannotBeLoadedIsRefused) {
  const auto refused = LocalEngine::open({}, tiny_texts(), []() -> Result<LoadedModel> {
    return fail(ErrorCode::NotFound, "no file");
  });
  EXPECT_EQ(refused.error().message, "no file");
  const auto thrown = LocalEngine::open(
      {}, tiny_texts(), []() -> Result<LoadedModel> { throw std::runtime_error("a bad day"); });
  EXPECT_EQ(thrown.error().code, ErrorCode::Internal);
}

TEST(LocalEngine, ProgressOfALongPromptRisesToItsEnd) {
  const auto engine = open_set_up({.limits = {.sequences = 4, .tokens_per_step = 16}});
  const auto generation = engine->submit(ask_text(std::string(100, 'a')));
  const Collected said = collect(*generation);
  ASSERT_FALSE(said.progress.empty());  // those the reader missed are replaced by later ones
  EXPECT_EQ(said.progress.back().computed, 100U);
  EXPECT_EQ(said.progress.back().total, 100U);
  EXPECT_EQ(said.content, "bcdefghijklmnopqrstuvwxyz");
}

/// Prompts of many lengths, so that chunks, pages and preemption all come into play.
std::vector<std::string> many_prompts() {
  std::vector<std::string> all;
  for (int i = 0; i < 24; ++i)
    all.push_back(
        std::string(static_cast<std::size_t>(1 + i * 7 % 90), static_cast<char>('b' + i % 20)));
  return all;
}

std::vector<std::string> answers_together(Engine& engine, const Sampling& sampling) {
  std::vector<std::unique_ptr<Generation>> running;
  std::uint64_t seed = 0;
  for (const std::string& prompt : many_prompts()) {
    Request request = ask_text(prompt);
    request.sampling = sampling;
    request.sampling.seed = ++seed;
    request.max_tokens = 60;
    running.push_back(engine.submit(request));
  }
  std::vector<std::string> answers;
  for (const auto& generation : running) answers.push_back(collect(*generation).content);
  return answers;
}

std::vector<std::string> answers_alone(Engine& engine, const Sampling& sampling) {
  std::vector<std::string> answers;
  std::uint64_t seed = 0;
  for (const std::string& prompt : many_prompts()) {
    Request request = ask_text(prompt);
    request.sampling = sampling;
    request.sampling.seed = ++seed;
    request.max_tokens = 60;
    answers.push_back(answer(engine, request).content);
  }
  return answers;
}

TEST(LocalEngine, CompanyChunksAndPreemptionDoNotChangeAnAnswer) {
  const auto quiet = open_set_up({.logits = testing::noisy_logits});
  const auto crowded = open_set_up({.logits = testing::noisy_logits,
                                    .pages = 9,  // a single full context takes eight
                                    .limits = {.sequences = 8, .tokens_per_step = 13}});
  for (const Sampling& sampling :
       {Sampling{.temperature = 0.0}, Sampling{.temperature = 1.0},
        Sampling{.temperature = 0.8, .top_p = 0.9, .top_k = 50, .repetition_penalty = 1.2},
        Sampling{.temperature = 1.0, .typical_p = 0.8, .xtc_probability = 0.5},
        Sampling{.temperature = 1.5, .frequency_penalty = 0.5, .top_n_sigma = 1.0}})
    EXPECT_EQ(answers_alone(*quiet, sampling), answers_together(*crowded, sampling));
}

TEST(LocalEngine, AnUnseededRequestIsDifferentEveryTime) {
  const auto engine = open_set_up({.logits = testing::noisy_logits});
  Request request = ask_text("a");
  request.sampling.temperature = 1;
  request.max_tokens = 50;
  EXPECT_NE(answer(*engine, request).content, answer(*engine, request).content);
}

/// Thinks before it answers, wherever its turn begins.
TokenId think_first(std::span<const TokenId> tokens) {
  const std::vector<TokenId> reply = {kThink, 'h', 'm', kThinkEnd, 'o', 'k', kEnd};
  std::size_t since = 0;
  while (tokens[tokens.size() - 1 - since] != testing::kBot) ++since;
  return reply[since];
}

TEST(LocalEngine, ReasoningIsToldApartFromTheAnswer) {
  const auto engine = open_set_up({.logits = testing::certain(think_first), .chat = true});
  Request request;
  request.input =
      ChatInput{.messages = base::parse_json(R"([{"role":"user","content":"hi"}])")->as_array()};
  request.stop = {"hm"};  // stops answers, not thoughts
  const Collected said = answer(*engine, request);
  ASSERT_TRUE(said.finished) << (said.failed ? said.failed->message : "");
  EXPECT_EQ(said.reasoning, "hm");
  EXPECT_EQ(said.content, "ok");
  EXPECT_EQ(said.finished->usage.reasoning_tokens, 4U);  // with its marks
  EXPECT_EQ(said.finished->usage.completion_tokens, 7U);
}

TEST(LocalEngine, ManyThreadsMaySubmitAndDrop) {
  const auto engine = open_set_up({});
  std::vector<std::thread> clients;
  std::atomic<int> right = 0;
  for (int client = 0; client < 4; ++client)
    clients.emplace_back([&, client] {
      for (int i = 0; i < 50; ++i) {
        if ((i + client) % 3 == 0) engine->submit(ask_text("a"));
        if (answer(*engine, ask_text("v")).content == "wxyz") ++right;
      }
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 200);
  EXPECT_TRUE(eventually([&] { return engine->stats().pages_used == 0; }));
}

}  // namespace
}  // namespace hearth::engine
