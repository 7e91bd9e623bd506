// What saving and loading of prompts refuse.
#include "models/saved_prompt.h"

#include <fstream>
#include <gtest/gtest.h>

#include "nn/testing/checkpoint_files.h"

namespace hearth::models {
namespace {

using nn::testing::TemporaryFolder;

const std::vector<nn::CacheShape> kHybrid{{.kv = nn::KvShape{.kv_heads = 2, .head_dim = 8}},
                                          {.states = {{.shape = {4}}}}};
const PromptPlace kPlace{.pages = {1, 0}, .state = 0};

SavedPrompt prompt(std::size_t tokens) {
  return {.tokens = std::vector<std::int32_t>(tokens, 7), .identity = "tiny"};
}

class SavedPrompts : public ::testing::Test {
 protected:
  SavedPrompts() {
    const auto saved = save_prompt(cache_, kPlace, prompt(40), path_);
    EXPECT_TRUE(saved) << saved.error().message;
  }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "saved.safetensors";
  Cache cache_{kHybrid, {.pages = 4, .states = 2}};
};

TEST_F(SavedPrompts, NothingIsLeftBesideTheFile) {
  const std::filesystem::directory_iterator files(folder_.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST_F(SavedPrompts, APlaceMustFitTheTokens) {
  EXPECT_FALSE(save_prompt(cache_, {.pages = {0}, .state = 0}, prompt(40), path_));
  EXPECT_FALSE(save_prompt(cache_, {.pages = {}, .state = 0}, prompt(0), path_));
  EXPECT_FALSE(load_prompt(cache_, {.pages = {0}, .state = 0}, path_));
  EXPECT_FALSE(load_prompt(cache_, {.pages = {0, 4}, .state = 0}, path_)) << "a page too high";
  EXPECT_FALSE(load_prompt(cache_, {.pages = {0, 1}, .state = -1}, path_)) << "no state";
}

TEST_F(SavedPrompts, AFileOfAnotherModelIsRefused) {
  Cache wider({{.kv = nn::KvShape{.kv_heads = 2, .head_dim = 16}}, kHybrid[1]},
              {.pages = 4, .states = 2});
  const auto loaded = load_prompt(wider, kPlace, path_);
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().code, ErrorCode::CorruptData);
  EXPECT_NE(loaded.error().message.find("layers.0.keys"), std::string::npos);
  Cache fewer({kHybrid[0]}, {.pages = 4, .states = 2});
  EXPECT_FALSE(load_prompt(fewer, kPlace, path_));
  Cache more({kHybrid[0], kHybrid[1], kHybrid[0]}, {.pages = 4, .states = 2});
  EXPECT_FALSE(load_prompt(more, kPlace, path_));
}

TEST_F(SavedPrompts, ABrokenFileIsRefused) {
  const auto size = std::filesystem::file_size(path_);
  std::filesystem::resize_file(path_, size - 1);
  EXPECT_FALSE(read_saved_prompt(path_));
  EXPECT_FALSE(load_prompt(cache_, kPlace, path_));
  const auto missing = read_saved_prompt(folder_.path() / "nothing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace hearth::models
