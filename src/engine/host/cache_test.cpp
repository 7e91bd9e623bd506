// What requests share and what they never do: prefixes, secrets, faults, places in the queue.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/json.h"
#include "engine/host/local_engine.h"
#include "engine/testing/collect.h"
#include "engine/testing/fake_engine.h"
#include "engine/testing/fake_runner.h"
#include "engine/testing/made_up_prompts.h"
#include "engine/testing/tiny_tokenizer.h"

namespace hearth::engine {
namespace {

using testing::collect;
using testing::Collected;
using testing::eventually;
using testing::story;

using MakeRunner = std::function<std::unique_ptr<StepRunner>(std::uint32_t pages)>;

MakeRunner saying(testing::Logits logits) {
  return [logits](std::uint32_t pages) {
    return std::make_unique<testing::FakeRunner>(logits, pages);
  };
}

/// Takes its time, so that what runs is still running when a test looks.
MakeRunner slow() {
  return [](std::uint32_t pages) {
    return std::make_unique<testing::FakeRunner>(
        testing::noisy_logits, pages, []() -> Result<void> {
          std::this_thread::sleep_for(std::chrono::milliseconds(2));
          return {};
        });
  };
}

std::unique_ptr<Engine> open_running(const MakeRunner& make, LoopOptions options = {},
                                     std::uint32_t pages = 512) {
  const auto config = base::parse_json(testing::tiny_tokenizer_config())->as_object();
  ModelTexts texts;
  texts.tokenizer = *text::Tokenizer::from_json(testing::tiny_tokenizer_json(), config);
  texts.sampling = {.temperature = 0};
  auto engine = LocalEngine::open(std::move(options), std::move(texts), [make, pages] {
    return LoadedModel{.runner = make(pages),
                       .info = {.name = "toy",
                                .vocabulary = testing::kVocabulary,
                                .context_length = 2000,
                                .end_tokens = {testing::kEnd}},
                       .pages = pages};
  });
  EXPECT_TRUE(engine) << engine.error().message;
  return std::move(*engine);
}

Request ask_for(const std::string& text, std::uint32_t max_tokens = 40) {
  return {.id = "r", .input = TextInput{text}, .max_tokens = max_tokens, .ignore_eos = true};
}

TEST(EngineCache, APrefixHitSaysWhatAColdPromptSays) {
  const auto cold = open_running(saying(testing::noisy_logits), {.prefix_cache = false});
  const auto warm = open_running(saying(testing::noisy_logits));
  const std::vector<std::string> prompts = {
      story(100),       story(100),     story(130),      story(70) + "and on",
      story(100) + "!", story(64),      story(65),       story(33),
      story(1),         story(1),       story(100, '!'), story(200, '!'),
      story(96),        story(96) + "x"};
  std::uint32_t cached = 0;
  for (const std::string& prompt : prompts) {
    const Collected said = collect(*warm->submit(ask_for(prompt)));
    ASSERT_TRUE(said.finished);
    EXPECT_EQ(said.content, collect(*cold->submit(ask_for(prompt))).content) << prompt;
    cached += said.finished->usage.cached_tokens;
    EXPECT_LT(said.finished->usage.cached_tokens, prompt.size());
  }
  EXPECT_EQ(cached, 99U + 100U + 70U + 100U + 63U + 64U + 32U + 0U + 0U + 0U + 100U + 95U + 96U);
  EXPECT_EQ(cold->stats().scheduler.hit_tokens, 0U);
}

TEST(EngineCache, TheNextTurnReadsOnlyWhatIsNew) {
  const auto engine = open_running(saying(testing::noisy_logits));
  const std::string first = story(150);
  const Collected one = collect(*engine->submit(ask_for(first)));
  const auto tokens = static_cast<std::uint32_t>(one.finished->usage.prompt_tokens +
                                                 one.finished->usage.completion_tokens);
  Request next = ask_for("");
  std::vector<TokenId> ids(first.begin(), first.end());
  // The reply is told as text; as tokens the answers are the same in any engine of this kind.
  std::vector<TokenId> row = ids;
  for (std::uint32_t i = 0; i < one.finished->usage.completion_tokens; ++i) {
    const auto logits = testing::noisy_logits(row);
    row.push_back(static_cast<TokenId>(std::ranges::max_element(logits) - logits.begin()));
  }
  for (const char letter : std::string("And then?")) row.push_back(static_cast<TokenId>(letter));
  next.input = TokenInput{row};
  EXPECT_EQ(collect(*engine->submit(next)).finished->usage.cached_tokens, tokens - 1);
}

TEST(EngineCache, EqualPromptsAreComputedOnceWhenTheyComeTogether) {
  const auto engine =
      open_running(saying(testing::noisy_logits), {.limits = {.tokens_per_step = 48}});
  std::vector<std::unique_ptr<Generation>> running;
  for (int i = 0; i < 8; ++i) running.push_back(engine->submit(ask_for(story(200))));
  std::vector<std::string> answers;
  for (const auto& generation : running) answers.push_back(collect(*generation).content);
  for (const std::string& answer : answers) EXPECT_EQ(answer, answers[0]);
  EXPECT_TRUE(eventually([&] { return engine->stats().running == 0; }));
  // Who comes when only the last, partial page is missing does not wait for its eight tokens.
  const EngineStats stats = engine->stats();
  EXPECT_LE(stats.prompt_tokens, 200U + 7U * 8U);
  EXPECT_GE(stats.scheduler.hit_tokens, 7U * 192U);
  EXPECT_EQ(stats.prompt_tokens + stats.scheduler.hit_tokens, 8U * 200U);
}

/// Tells the word between the last '#' and the '?' behind it, letter by letter.
TokenId tell_secret(std::span<const TokenId> tokens) {
  std::size_t mark = tokens.size() - 1;
  while (mark > 0 && tokens[mark] != '?') --mark;
  std::size_t begin = mark;
  while (begin > 0 && tokens[begin] != '#') --begin;
  const std::size_t told = tokens.size() - 1 - mark;
  return begin + 1 + told < mark ? tokens[begin + 1 + told] : testing::kEnd;
}

TEST(EngineCache, SixtyFourConversationsKeepTheirSecrets) {
  // Few pages: sharing, eviction and preemption all happen.
  const auto engine =
      open_running(saying(testing::certain(tell_secret)),
                   {.limits = {.sequences = 24, .tokens_per_step = 200, .foresight = 4}}, 80);
  std::atomic<int> right = 0;
  std::vector<std::thread> clients;
  for (int client = 0; client < 64; ++client)
    clients.emplace_back([&, client] {
      std::string secret;
      for (int i = 0; i < 14; ++i)
        secret += static_cast<char>('a' + (client * 7 + i * (client + 3)) % 26);
      std::string history = story(75) + "#" + secret + "?";
      for (int turn = 0; turn < 4; ++turn) {
        Request request = ask_for(history);
        request.ignore_eos = false;
        request.standpoint.client = std::to_string(client % 5);
        request.standpoint.priority = static_cast<Priority>(client % 3);
        const Collected said = collect(*engine->submit(request));
        if (said.finished && said.content == secret) ++right;
        history += said.content + ". And once more, #" + secret + "?";
      }
    });
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(right, 64 * 4);
  EXPECT_GT(engine->stats().scheduler.hit_tokens, 10'000U);
  EXPECT_TRUE(eventually([&] { return engine->stats().pages_used == 0; }));
}

TEST(EngineCache, AReportTellsWhereAPromptLeftTheEarlierOne) {
  const auto engine = open_running(saying(testing::noisy_logits));
  const auto report = [&](const std::string& prompt, const std::string& client = "") {
    Request request = ask_for(prompt, 1);
    request.standpoint.client = client;
    return collect(*engine->submit(request)).finished->prefix;
  };
  EXPECT_EQ(report("You are kind. Today is Monday. Say hello to everybody here.").rule,
            PrefixRule::NoEarlierPrompt);
  const PrefixReport differs =
      report("You are kind. Today is Tuesday. Say hello to everybody here.");
  EXPECT_EQ(differs.rule, PrefixRule::Differs);
  EXPECT_EQ(differs.position, 23U);
  EXPECT_EQ(differs.here, "oday is Tuesday.");
  EXPECT_EQ(differs.earlier, "oday is Monday. ");
  const PrefixReport strange =
      report("You are kind. Today is Friday. Say hello to everybody here.", "somebody else");
  EXPECT_EQ(strange.position, 23U);
  EXPECT_EQ(strange.earlier, "");
  EXPECT_EQ(report("You are kind. Today is Monday. Say hello to everybody here.").rule,
            PrefixRule::Hit);
}

/// Fails every step that holds a sequence with an X in it.
class PoisonedRunner final : public StepRunner {
 public:
  explicit PoisonedRunner(std::uint32_t pages) : runner_(testing::noisy_logits, pages) {}
  Result<void> run(const StepPlan& plan, const TakeRow& take) override {
    for (const Slice& slice : plan.slices)
      if (std::ranges::find(slice.sequence->tokens(), TokenId{'X'}) !=
          slice.sequence->tokens().end())
        return fail(ErrorCode::Internal, "the device cannot stand this");
    return runner_.run(plan, take);
  }
  void forget() override { runner_.forget(); }
  Memory memory() const override { return {}; }

 private:
  testing::FakeRunner runner_;
};

TEST(EngineCache, AFaultyRequestFailsAloneAndTheOthersSayWhatTheyWouldHaveSaid) {
  const auto quiet = open_running(saying(testing::noisy_logits));
  const auto engine =
      open_running([](std::uint32_t pages) { return std::make_unique<PoisonedRunner>(pages); },
                   {.limits = {.sequences = 8, .tokens_per_step = 64}});
  std::vector<std::unique_ptr<Generation>> running;
  for (char first = 'a'; first < 'g'; ++first)
    running.push_back(engine->submit(ask_for(story(90, first), 1)));
  const auto faulty = engine->submit(ask_for("X" + story(50)));
  for (char first = 'g'; first < 'm'; ++first)
    running.push_back(engine->submit(ask_for(story(90, first), 1)));
  const Collected failed = collect(*faulty);
  ASSERT_TRUE(failed.failed);
  EXPECT_EQ(failed.failed->message, "the device cannot stand this");
  char first = 'a';
  for (const auto& generation : running)
    EXPECT_EQ(collect(*generation).content,
              collect(*quiet->submit(ask_for(story(90, first++), 1))).content);
}

TEST(EngineQueue, AFullQueueRefusesBeforeAnythingIsPromised) {
  const auto engine = open_running(slow(), {.limits = {.sequences = 1, .waiting = 1}});
  const auto runs = engine->submit(ask_for("a", 1900));
  ASSERT_TRUE(eventually([&] { return engine->stats().running == 1; }));
  Request low = ask_for("b", 1900);
  low.id = "the-one-that-waits";
  low.standpoint.priority = Priority::Low;
  const auto waits = engine->submit(low);
  ASSERT_TRUE(eventually([&] { return engine->stats().waiting == 1; }));
  const Collected refused = collect(*engine->submit(ask_for("c")));
  ASSERT_TRUE(refused.failed);
  EXPECT_EQ(refused.failed->code, ErrorCode::RateLimited);
  EXPECT_FALSE(refused.admitted);
  ASSERT_TRUE(refused.failed->retry_after);
  EXPECT_GE(refused.failed->retry_after->count(), 1);
}

TEST(EngineQueue, WhoWaitsIsShownInOrder) {
  const auto engine = open_running(slow(), {.limits = {.sequences = 1}});
  const auto runs = engine->submit(ask_for("a", 1900));
  ASSERT_TRUE(eventually([&] { return engine->stats().running == 1; }));
  std::vector<std::unique_ptr<Generation>> waiting;
  for (const auto& [id, priority] : std::vector<std::pair<std::string, Priority>>{
           {"low", Priority::Low}, {"first", Priority::Normal}, {"second", Priority::Normal}}) {
    Request request = ask_for(id, 1900);
    request.id = id;
    request.standpoint.priority = priority;
    waiting.push_back(engine->submit(request));
  }
  EXPECT_TRUE(eventually([&] {
    std::string order;
    for (const QueuedRequest& one : engine->stats().scheduler.queue) order += one.id + " ";
    return order == "first second low ";
  }));
  EXPECT_EQ(engine->stats().scheduler.waiting_by_priority, (std::vector<std::uint32_t>{0, 2, 1}));
}

TEST(EngineQueue, ADeadlineEndsARequestAndFreesItsPages) {
  const auto engine = open_running(slow(), {}, 4000);
  Request endless = ask_for("a", 1900);
  endless.standpoint.deadline_ms = 1;
  const Collected said = collect(*engine->submit(endless));
  ASSERT_TRUE(said.failed);
  EXPECT_EQ(said.failed->code, ErrorCode::Timeout);
  EXPECT_EQ(said.failed->message,
            "the request was not done within its 1 ms; allow it more time, or send it when less is "
            "going on");
  EXPECT_TRUE(eventually([&] { return engine->stats().pages_used == 0; }));
}

}  // namespace
}  // namespace hearth::engine
