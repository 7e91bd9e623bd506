// Layers with a window that give pages back answer as those that keep everything.
#include <algorithm>
#include <cctype>
#include <gtest/gtest.h>
#include <stdexcept>

#include "models/testing/golden.h"

namespace hearth::models::testing {
namespace {

constexpr int kTokens = 150;
constexpr int kLongestStep = 20;

class Windows : public ::testing::TestWithParam<std::string> {
 protected:
  Windows() : golden_(read_golden(GetParam())) {
    for (int i = 0; i < kTokens; ++i)
      ids_.push_back((golden_.ids[i % golden_.ids.size()] + 7 * (i / 11)) % golden_.vocab());
  }

  std::unique_ptr<Model> load(nn::RowPolicy rows) const {
    const TemporaryFolder folder;
    write_checkpoint(folder, golden_);
    auto model = load_model(folder.path(), {.rows = rows});
    EXPECT_TRUE(model) << model.error().message;
    return model ? *std::move(model) : nullptr;
  }

  /// All tokens in steps of many sizes; pages behind the window are used again at once.
  std::vector<float> in_a_ring(const Model& model) const {
    const int tokens = model.window() + kLongestStep;
    const int ring = tokens / nn::kPageTokens + 2;
    auto cache = model.make_cache(8, 1, static_cast<std::size_t>(ring));
    std::vector<Stream> streams{{.ids = ids_, .pages = {6, 1, 4, 0, 7}}};
    Stream& stream = streams[0];
    std::vector<float> logits;
    for (int step = 1; stream.cached < kTokens; step = step * 7 % kLongestStep + 1) {
      const int rows = std::min(step, kTokens - stream.cached);
      stream.window_first = std::max(0, stream.cached - model.window() + 1) / nn::kPageTokens;
      stream.window_pages.clear();
      for (int page = stream.window_first; page < nn::pages_for(stream.cached + rows); ++page)
        stream.window_pages.push_back(page % ring);
      EXPECT_LE(std::ssize(stream.window_pages), ring);
      const auto part = feed(model, *cache, streams, {rows});
      logits.insert(logits.end(), part.begin(), part.end());
    }
    return logits;
  }

  Golden golden_;
  std::vector<std::int32_t> ids_;
};

TEST_P(Windows, ARingOfPagesGivesTheSameAnswer) {
  const auto model = load(nn::RowPolicy::Any);
  ASSERT_TRUE(model);
  ASSERT_GT(model->window(), 0);
  const auto whole = one_pass(*model, ids_);
  const auto ring = in_a_ring(*model);
  EXPECT_LE(largest_difference(ring, whole), 1e-4F);
  EXPECT_EQ(argmax_rows(ring, golden_.vocab()), argmax_rows(whole, golden_.vocab()));
}

TEST_P(Windows, WithFixedRowsTheSameBits) {
  const auto model = load(nn::RowPolicy::Fixed);
  ASSERT_TRUE(model);
  EXPECT_TRUE(in_a_ring(*model) == one_pass(*model, ids_));
}

TEST_P(Windows, APageThatIsReadButMissingIsAnError) {
  const auto model = load(nn::RowPolicy::Any);
  ASSERT_TRUE(model);
  auto cache = model->make_cache(2, 1, 2);
  const std::vector<std::int32_t> one{0};
  const auto refused = [&](std::vector<std::int32_t> windows, int first) {
    const auto step = nn::make_step(one,
                                    {{.rows = 1,
                                      .cached = 33,
                                      .pages = {0, 1},
                                      .window_pages = std::move(windows),
                                      .window_first = first,
                                      .state = 0}},
                                    {});
    EXPECT_TRUE(step);
    return !model->forward(*step, *cache);
  };
  EXPECT_TRUE(refused({}, 0)) << "no table";
  EXPECT_TRUE(refused({0}, 1)) << "the page before is seen as well";
  EXPECT_TRUE(refused({0, 2}, 0)) << "a page beyond the limit";
  EXPECT_FALSE(refused({0, 1}, 0));
}

INSTANTIATE_TEST_SUITE_P(Golden, Windows,
                         ::testing::Values("mistral/window", "gemma2/plain", "gemma3_text/plain",
                                           "gemma3n_text/plain", "gpt_oss/plain", "cohere2/plain",
                                           "exaone4/hybrid", "olmo3/plain", "qwen2/window",
                                           "phi3/plain", "smollm3/window", "phimoe/window"),
                         test_name);

}  // namespace
}  // namespace hearth::models::testing
