// Models whose layers have a window, through the whole engine: what they give back changes nothing.
#include <algorithm>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "engine/local/testing/tiny_answers.h"
#include "engine/local/testing/tiny_model.h"
#include "engine/open_local.h"
#include "engine/testing/collect.h"
#include "engine/testing/fake_engine.h"

namespace hearth::engine {
namespace {

using testing::collect;
using testing::eventually;
using testing::greedy_request;
using testing::TinyModel;

/// The tiny model with a window of 40 tokens in its first layer, or in both.
class Windows : public ::testing::TestWithParam<bool> {
 protected:
  Windows() {
    std::ifstream file(model_.folder() / "config.json");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    json::object config = base::parse_json(text)->as_object();
    config["sliding_window"] = 40;
    config["layer_types"] =
        json::array{"sliding_attention", all() ? "sliding_attention" : "full_attention"};
    model_.write("config.json", base::write_json(config));
  }

  static bool all() { return GetParam(); }

  /// Bytes for one context of 16 pages, and so many window pages.
  static std::uint64_t one_context_and(std::uint64_t windows) {
    constexpr std::uint64_t kNumbers = 1000;  // bytes that pages without memory count for
    return all() ? kNumbers + windows * TinyModel::kPageBytes
                 : (16 + windows) * TinyModel::kPageBytes / 2;
  }

  std::unique_ptr<Engine> open(EngineOptions options) const {
    options.folder = model_.folder();
    return testing::open_engine(options);
  }
  /// One page table for all layers: a step may be as long as a context.
  std::unique_ptr<Engine> open_whole() const {
    auto engine = open({.tokens_per_step = 512, .prefix_cache = false});
    EXPECT_EQ(engine->stats().scheduler.windows_total, 0U);
    return engine;
  }

  TinyModel model_;
};

std::string letters_of_kind(std::size_t count, std::size_t kind) {
  std::string text;
  for (std::size_t n = 0; n < count; ++n)
    text += static_cast<char>('A' + (n * n + 7 * kind + n / 26) % 26);
  return text;
}

Request varied(std::size_t index) {
  return greedy_request(letters_of_kind(5 + 23 * index, index),
                        static_cast<std::uint32_t>(110 - 10 * index));
}

std::string text_answered(Engine& engine, Request request) {
  return testing::finished_answer(engine, std::move(request)).content;
}

std::vector<std::string> one_by_one(Engine& engine) {
  std::vector<std::string> answers;
  for (std::size_t i = 0; i < 8; ++i) answers.push_back(text_answered(engine, varied(i)));
  return answers;
}

std::vector<std::string> together(Engine& engine) {
  std::vector<std::unique_ptr<Generation>> running;
  for (std::size_t i = 0; i < 8; ++i) running.push_back(engine.submit(varied(i)));
  std::vector<std::string> answers;
  for (const auto& generation : running) answers.push_back(collect(*generation).content);
  return answers;
}

TEST_P(Windows, ChunksAndCompanyDoNotChangeAnAnswer) {
  const auto whole = open_whole();
  const auto expected = one_by_one(*whole);
  for (const std::uint32_t tokens : {1U, 7U, 40U}) {
    const auto windowed = open({.tokens_per_step = tokens});
    EXPECT_GT(windowed->stats().scheduler.windows_total, 0U);
    EXPECT_EQ(one_by_one(*windowed), expected) << tokens;
    EXPECT_EQ(together(*windowed), expected) << tokens;
  }
}

TEST_P(Windows, APrefixThatWasComputedBeforeDoesNotChangeAnAnswer) {
  const auto cold = open_whole();
  const auto ample = open({.max_sequences = 8, .tokens_per_step = 32});
  // Room for few windows: some are evicted between the prompts.
  const auto scarce =
      open({.max_sequences = 2, .tokens_per_step = 32, .kv_bytes = one_context_and(7)});
  EXPECT_EQ(scarce->stats().scheduler.windows_total, 7U);
  const std::string text = letters_of_kind(200, 3);
  for (const std::size_t shared : {200U, 200U, 130U, 64U, 150U, 199U, 33U, 200U}) {
    for (const std::string& end : {std::string(), std::string("But then"), std::string("x")}) {
      const Request request = greedy_request(text.substr(0, shared) + end, 60);
      const std::string expected = text_answered(*cold, request);
      EXPECT_EQ(text_answered(*ample, request), expected) << shared << end;
      EXPECT_EQ(text_answered(*scarce, request), expected) << shared << end;
    }
  }
  EXPECT_GT(ample->stats().scheduler.hit_tokens, 2500U);
  EXPECT_GT(scarce->stats().scheduler.hit_tokens, 200U);
  EXPECT_LT(scarce->stats().scheduler.hit_tokens, ample->stats().scheduler.hit_tokens);
}

TEST_P(Windows, ALongAnswerHoldsAWindow) {
  const auto engine = open({.max_sequences = 1, .tokens_per_step = 16});
  const auto generation = engine->submit(greedy_request("Hello", 450));
  std::uint32_t most = 0;
  std::uint32_t pages = 0;
  for (bool done = false; !done;) {
    const std::vector<Event> events = generation->wait();
    ASSERT_FALSE(events.empty());
    for (const Event& event : events) done = done || std::holds_alternative<Finished>(event);
    most = std::max(most, engine->stats().scheduler.windows_used);
    pages = std::max(pages, engine->stats().pages_used);
  }
  EXPECT_GT(most, 0U);
  EXPECT_LE(most, 3U);  // 40 and 7 tokens, and a step of 16
  EXPECT_GT(pages, 10U);
  EXPECT_TRUE(eventually([&] { return engine->stats().scheduler.windows_used == 0; }));
  const SchedulerStats stats = engine->stats().scheduler;
  EXPECT_EQ(stats.windows_cached + stats.windows_free, stats.windows_total);
}

TEST_P(Windows, PreemptionDoesNotChangeAnAnswer) {
  const auto whole = open_whole();
  const auto scarce = open({.tokens_per_step = 32, .kv_bytes = one_context_and(8)});
  ASSERT_EQ(scarce->stats().scheduler.windows_total, 8U);
  std::vector<Request> requests;
  for (std::size_t i = 0; i < 6; ++i) {
    requests.push_back(greedy_request(letters_of_kind(40 + 9 * i, i), i < 3 ? 300 : 50));
    requests.back().standpoint.priority = i < 3 ? Priority::Low : Priority::High;
  }
  std::vector<std::unique_ptr<Generation>> running;
  for (std::size_t i = 0; i < 6; ++i) {
    if (i == 3)  // the others write already
      EXPECT_TRUE(eventually([&] { return scarce->stats().completion_tokens > 20; }));
    running.push_back(scarce->submit(requests[i]));
  }
  for (std::size_t i = 0; i < 6; ++i)
    EXPECT_EQ(collect(*running[i]).content, text_answered(*whole, requests[i])) << i;
  EXPECT_GT(scarce->stats().scheduler.preemptions, 0U);
}

INSTANTIATE_TEST_SUITE_P(Layers, Windows, ::testing::Bool(), [](const auto& info) {
  return info.param ? "AllWithAWindow" : "OneWithAWindow";
});

}  // namespace
}  // namespace hearth::engine
