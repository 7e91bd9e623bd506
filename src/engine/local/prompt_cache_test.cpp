// Prefix hits of real models: from snapshots at the borders of messages, and from disk. A hit says
// what a cold prompt says, with the same numbers.
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "engine/local/testing/tiny_answers.h"
#include "engine/local/testing/tiny_model.h"
#include "engine/open_local.h"
#include "engine/testing/collect.h"
#include "engine/testing/temp_folder.h"

namespace hearth::engine {
namespace {

using testing::collect;
using testing::Collected;
using testing::open_engine;
using testing::TinyLayers;
using testing::TinyModel;

std::string seeded_letters(std::size_t count, std::size_t seed) {
  std::string text;
  for (std::size_t n = 0; n < count; ++n)
    text += static_cast<char>('A' + (n * n + seed * n + seed) % 26);
  return text;
}

Request chat(const std::vector<std::pair<std::string, std::string>>& messages) {
  ChatInput input;
  for (const auto& [role, content] : messages)
    input.messages.push_back(json::object{{"role", role}, {"content", content}});
  return {.id = "r",
          .input = std::move(input),
          .sampling = {.temperature = 0.0},
          .max_tokens = 40,
          .ignore_eos = true,
          .logprobs = 0};
}

/// Greedy text and every token's chance.
void expect_same(const Collected& hit, const Collected& cold) {
  EXPECT_EQ(hit.content + hit.reasoning, cold.content + cold.reasoning);
  ASSERT_EQ(hit.content_reports.size(), cold.content_reports.size());
  for (std::size_t i = 0; i < hit.content_reports.size(); ++i)
    EXPECT_NEAR(*hit.content_reports[i].logprob, *cold.content_reports[i].logprob, 1e-4) << i;
}

/// Answers by an engine that remembers, compared with one that does not.
class Pair {
 public:
  explicit Pair(const TinyModel& model, EngineOptions options = {}) {
    options.folder = model.folder();
    warm_ = open_engine(options);
    options.prefix_cache = false;
    cold_ = open_engine(options);
  }
  /// How many of the prompt's tokens were in the cache.
  std::uint32_t cached(const Request& request) {
    const Collected hit = collect(*warm_->submit(request));
    EXPECT_TRUE(hit.finished) << hit.failed->message;
    expect_same(hit, collect(*cold_->submit(request)));
    return hit.finished->usage.cached_tokens;
  }

 private:
  std::unique_ptr<Engine> warm_;
  std::unique_ptr<Engine> cold_;
};

// <|bot|> and 98 letters of instructions, <|user|> at 99, 90 letters of a question, <|bot|>: 191
// tokens. The last whole page ends at 160, the instructions' last page at 96.
const std::string kInstructions = seeded_letters(98, 3);

TEST(PromptCache, ARecurrentModelContinuesFromTheBordersOfMessages) {
  const TinyModel model(1024, TinyLayers::Hybrid);
  Pair pair(model);
  const std::pair<std::string, std::string> system{"system", kInstructions};
  const std::string first = seeded_letters(90, 5);
  EXPECT_EQ(pair.cached(chat({system, {"user", first}})), 0U);
  // Another conversation under the same instructions.
  EXPECT_EQ(pair.cached(chat({system, {"user", seeded_letters(90, 8)}})), 96U);
  // The next turn: all that the first one asked.
  const std::pair<std::string, std::string> said{"assistant", seeded_letters(70, 11)};
  EXPECT_EQ(pair.cached(chat({system, {"user", first}, said, {"user", seeded_letters(50, 2)}})),
            160U);
  // The same turn asked otherwise: the answer before it ends at 191 + 70, so a page ends at 256.
  EXPECT_EQ(pair.cached(chat({system, {"user", first}, said, {"user", seeded_letters(50, 4)}})),
            256U);
}

TEST(PromptCache, AnAttendingModelContinuesAnywhere) {
  const TinyModel model(1024);
  Pair pair(model);
  const std::pair<std::string, std::string> system{"system", kInstructions};
  EXPECT_EQ(pair.cached(chat({system, {"user", seeded_letters(90, 5)}})), 0U);
  EXPECT_EQ(pair.cached(chat({system, {"user", "?" + seeded_letters(90, 8)}})), 100U);
}

TEST(SavedPromptsOfModels, ContinueInAnotherEngineAsIfTheyHadBeenComputed) {
  for (const TinyLayers layers : {TinyLayers::Attention, TinyLayers::Hybrid}) {
    for (const std::uint32_t bits : {0U, 8U}) {
      const TinyModel model(2048, layers);
      const testing::TempFolder folder;
      EngineOptions options{.kv_bits = bits, .prompts = folder.path(), .prompts_bytes = 1 << 28};
      Request keep = chat({{"system", seeded_letters(1000, 7)}});
      keep.keep = "rules";
      keep.logprobs.reset();
      options.folder = model.folder();
      const Collected kept = collect(*open_engine(options)->submit(keep));
      ASSERT_TRUE(kept.finished) << kept.failed->message;
      EXPECT_EQ(kept.finished->usage.prompt_tokens, 992U);  // <|bot|>, letters, <|user|>: 1002
      EXPECT_EQ(kept.finished->kept.size(), 32U);
      Pair pair(model, options);
      EXPECT_EQ(pair.cached(chat({{"system", seeded_letters(1000, 7)}, {"user", "Hello"}})), 992U)
          << static_cast<int>(layers) << " " << bits;
      EXPECT_LE(pair.cached(chat({{"system", seeded_letters(1000, 9)}, {"user", "Hello"}})), 1U);
    }
  }
}

TEST(SavedPromptsOfModels, OfOtherWeightsOrAnotherFormatOfTheCacheAreNotUsed) {
  const TinyModel model(1024);
  const TinyModel other(1024);
  const std::string text = [&] {
    std::string all = testing::read_bytes(other.folder() / "model.safetensors");
    all.back() = static_cast<char>(all.back() ^ 1);
    return all;
  }();
  other.write("model.safetensors", text);
  const testing::TempFolder folder;
  const EngineOptions options{
      .folder = model.folder(), .prompts = folder.path(), .prompts_bytes = 1 << 28};
  Request keep = chat({{"system", seeded_letters(500, 7)}});
  keep.keep = "";
  ASSERT_TRUE(collect(*open_engine(options)->submit(keep)).finished);
  const Request request = chat({{"system", seeded_letters(500, 7)}, {"user", "Hello"}});
  EXPECT_EQ(Pair(other, options).cached(request), 0U);
  EngineOptions packed = options;
  packed.kv_bits = 8;
  EXPECT_EQ(Pair(model, packed).cached(request), 0U);
  EngineOptions fixed = options;
  fixed.batch_invariant = true;
  EXPECT_EQ(Pair(model, fixed).cached(request), 0U);
  EXPECT_EQ(Pair(model, options).cached(request), 480U);
}

}  // namespace
}  // namespace hearth::engine
