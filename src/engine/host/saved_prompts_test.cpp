// Prompts on disk, through the whole engine with a toy device that says what its pages hold.
#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "engine/host/local_engine.h"
#include "engine/testing/collect.h"
#include "engine/testing/fake_engine.h"
#include "engine/testing/fake_runner.h"
#include "engine/testing/made_up_prompts.h"
#include "engine/testing/temp_folder.h"
#include "engine/testing/tiny_tokenizer.h"

namespace hearth::engine {
namespace {

using testing::collect;
using testing::Collected;
using testing::eventually;
using testing::story;

constexpr std::uint64_t kRoom = 1 << 20;

struct Options {
  std::uint32_t pages = 512;
  std::string identity = "toy 1";
  std::uint32_t stretched_beyond = 0;
  std::uint64_t bytes = kRoom;
  bool prefix_cache = true;
};

Request ask_again(const std::string& text, std::uint32_t max_tokens = 20) {
  return {.id = "r", .input = TextInput{text}, .max_tokens = max_tokens, .ignore_eos = true};
}

Request keep(const std::string& text) {
  return {.id = "r", .input = TextInput{text}, .keep = "a story"};
}

class SavedPrompts : public ::testing::Test {
 protected:
  std::unique_ptr<Engine> open(const Options& options = {}) const {
    const auto config = base::parse_json(testing::tiny_tokenizer_config())->as_object();
    ModelTexts texts;
    texts.tokenizer = *text::Tokenizer::from_json(testing::tiny_tokenizer_json(), config);
    texts.sampling = {.temperature = 0};
    auto engine = LocalEngine::open(
        {.limits = {.tokens_per_step = 64},
         .prefix_cache = options.prefix_cache,
         .prompts = folder_.path(),
         .prompts_bytes = options.bytes},
        std::move(texts), [options] {
          return LoadedModel{
              .runner = std::make_unique<testing::FakeRunner>(testing::noisy_logits, options.pages),
              .info = {.name = "toy",
                       .vocabulary = testing::kVocabulary,
                       .context_length = 2000,
                       .end_tokens = {testing::kEnd},
                       .fingerprint = "fp_toy"},
              .pages = options.pages,
              .stretched_beyond = options.stretched_beyond,
              .identity = options.identity};
        });
    EXPECT_TRUE(engine) << engine.error().message;
    return std::move(*engine);
  }
  /// Saves a prompt with an engine that ends then; its id.
  std::string save(const std::string& text, const Options& options = {}) const {
    const Collected said = collect(*open(options)->submit(keep(text)));
    EXPECT_TRUE(said.finished) << said.failed->message;
    return said.finished->kept;
  }
  /// What an engine without any cache says.
  std::string cold(const Request& request) const {
    return collect(*open({.prefix_cache = false})->submit(request)).content;
  }
  std::uint32_t cached(Engine& engine, const Request& request) const {
    const Collected said = collect(*engine.submit(request));
    EXPECT_TRUE(said.finished) << said.failed->message;
    EXPECT_EQ(said.content, cold(request));
    return said.finished->usage.cached_tokens;
  }
  std::filesystem::path only_file() const { return testing::files_below(folder_.path()).at(0); }

  testing::TempFolder folder_;
};

TEST_F(SavedPrompts, AreFoundByTheNextEngine) {
  const std::string id = save(story(1000));
  EXPECT_EQ(only_file(), folder_.path() / "fp_toy" / (id + ".safetensors"));
  const auto engine = open();
  EXPECT_EQ(cached(*engine, ask_again(story(1000) + "And then?")), 992U);  // 31 whole pages
  EXPECT_EQ(cached(*engine, ask_again(story(1000) + "Or else")), 1000U)
      << "from memory, with a part";
}

TEST_F(SavedPrompts, OfOneThatDiffersTheBeginningIsUsed) {
  save(story(1000));
  EXPECT_EQ(cached(*open(), ask_again(story(500) + "But here it goes on otherwise")), 500U)
      << "and of the page where they part the beginning";
  EXPECT_EQ(cached(*open(), ask_again(story(20))), 0U);
  EXPECT_EQ(cached(*open(), ask_again(story(1000))), 992U);
  EXPECT_EQ(cached(*open(), ask_again(story(992))), 991U) << "one token is always computed";
}

TEST_F(SavedPrompts, TheLongestThatFitsIsTaken) {
  save(story(200));
  save(story(600));
  save(story(400));
  EXPECT_EQ(cached(*open(), ask_again(story(450))), 449U) << "one token is always computed";
}

TEST_F(SavedPrompts, ManyRequestsShareOneFile) {
  save(story(1000));
  const auto engine = open();
  std::vector<std::unique_ptr<Generation>> running;
  for (char end = 'A'; end < 'I'; ++end)
    running.push_back(engine->submit(ask_again(story(1000) + end)));
  running.at(3).reset();  // one leaves while it waits
  for (std::size_t i = 0; i < running.size(); ++i) {
    if (!running[i]) continue;
    const Collected said = collect(*running[i]);
    ASSERT_TRUE(said.finished);
    EXPECT_GE(said.finished->usage.cached_tokens, 992U);
    EXPECT_EQ(said.content, cold(ask_again(story(1000) + static_cast<char>('A' + i))));
  }
  EXPECT_TRUE(eventually([&] { return engine->stats().pages_used == 0; }));
}

TEST_F(SavedPrompts, RunningAnswersGoOnUndisturbed) {
  save(story(1500));
  const auto engine = open();
  const auto long_answer = engine->submit(ask_again("Once", 300));
  EXPECT_EQ(cached(*engine, ask_again(story(1500) + "?")), 1472U);
  const Collected kept = collect(*engine->submit(keep(story(1200, 'A'))));
  ASSERT_TRUE(kept.finished);
  EXPECT_EQ(kept.finished->usage.prompt_tokens, 1184U);
  EXPECT_EQ(collect(*long_answer).content, cold(ask_again("Once", 300)));
}

TEST_F(SavedPrompts, ADamagedFileCostsTimeAndNothingElse) {
  save(story(1000));
  const auto file = only_file();
  std::string bytes = testing::read_bytes(file);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  testing::write_bytes(file, bytes);
  const auto engine = open();
  EXPECT_EQ(cached(*engine, ask_again(story(1000) + "!")), 0U);
  EXPECT_FALSE(std::filesystem::exists(file));
  save(story(1000));
  std::filesystem::resize_file(file, bytes.size() / 2);
  EXPECT_EQ(cached(*open(), ask_again(story(1000) + "!")), 0U);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(SavedPrompts, AFileThatSomebodyRemovedIsDoneWithout) {
  save(story(1000));
  const auto engine = open();
  std::filesystem::remove(only_file());
  EXPECT_EQ(cached(*engine, ask_again(story(1000) + "!")), 0U);
  EXPECT_EQ(cached(*engine, ask_again(story(1000) + "?")), 1000U);
}

TEST_F(SavedPrompts, OfAnotherBuildOrFormatNothingIsUsed) {
  save(story(1000));
  EXPECT_EQ(cached(*open({.identity = "toy 2"}), ask_again(story(1000) + "!")), 0U);
  EXPECT_TRUE(std::filesystem::exists(only_file())) << "it may be used again";
  EXPECT_EQ(cached(*open(), ask_again(story(1000) + "!")), 992U);
}

TEST_F(SavedPrompts, OfAnotherContentWithTheSameNamesNothingIsUsed) {
  save(story(1000));
  const PromptFolder folder(folder_.path(), kRoom);
  PromptContent other = *folder.read(folder.list().at(0));
  other.tensors.front().bytes.pop_back();  // well-formed, but not what this device keeps
  ASSERT_TRUE(folder.write(std::move(other)));
  EXPECT_EQ(cached(*open(), ask_again(story(1000) + "!")), 0U);
}

TEST_F(SavedPrompts, PromptsThatAreComputedOtherwiseDoNotMix) {
  save(story(500), {.stretched_beyond = 700});
  const auto engine = open({.stretched_beyond = 700});
  EXPECT_EQ(cached(*engine, ask_again(story(800))), 0U);
  EXPECT_EQ(cached(*engine, ask_again(story(600))), 480U);
}

TEST_F(SavedPrompts, WithoutRoomInMemoryARequestDoesWithout) {
  save(story(1500));
  const auto engine = open({.pages = 44});  // the file has 46
  EXPECT_EQ(cached(*engine, ask_again(story(1000), 10)), 0U);
}

TEST_F(SavedPrompts, WhatCannotBeSavedSaysWhy) {
  const auto refusal = [&](const Options& options, const std::string& text) {
    const Collected said = collect(*open(options)->submit(keep(text)));
    return said.failed ? said.failed->message : "it was saved";
  };
  EXPECT_NE(refusal({}, story(31)).find("is 31 tokens long; from 32 on"), std::string::npos);
  EXPECT_NE(refusal({.bytes = 0}, story(100)).find("engine.saved_prompts_mib"), std::string::npos);
  EXPECT_NE(refusal({.prefix_cache = false}, story(100)).find("engine.prefix_cache is off"),
            std::string::npos);
  EXPECT_NE(refusal({.bytes = 3000}, story(1000)).find("raise engine.saved_prompts_mib"),
            std::string::npos);
  EXPECT_TRUE(testing::files_below(folder_.path()).empty());
}

TEST_F(SavedPrompts, TheOldestMakeRoomOnDisk) {
  const std::uint64_t room = 22'000;  // a page of this toy is 128 bytes, its tokens as much again
  const Options options{.bytes = room};
  for (char first = 'a'; first < 'e'; ++first) save(story(1000, first), options);
  std::uint64_t bytes = 0;
  for (const auto& file : testing::files_below(folder_.path()))
    bytes += std::filesystem::file_size(file);
  EXPECT_LE(bytes, room);
  const auto engine = open(options);
  EXPECT_EQ(cached(*engine, ask_again(story(1000, 'a') + "!")), 0U);
  EXPECT_EQ(cached(*engine, ask_again(story(1000, 'd') + "!")), 992U);
}

TEST_F(SavedPrompts, AnEngineThatEndsTellsWhoeverStillWaits) {
  save(story(1000));
  auto engine = open();
  std::vector<std::unique_ptr<Generation>> running;
  for (char end = 'A'; end < 'E'; ++end) {
    running.push_back(engine->submit(ask_again(story(1000) + end, 900)));
    running.push_back(engine->submit(keep(story(1000, end))));
  }
  engine.reset();
  for (const auto& generation : running) {
    const Collected said = collect(*generation);
    EXPECT_TRUE(said.failed || said.finished);
  }
}

}  // namespace
}  // namespace hearth::engine
