// Every family against transformers' logits, in every form a checkpoint comes in.
#include <algorithm>
#include <cctype>
#include <gtest/gtest.h>

#include "kernels/testing/finest_activations.h"
#include "models/testing/golden.h"

namespace hearth::models::testing {

namespace {

using nn::testing::safetensors;

class Families : public ::testing::TestWithParam<std::string> {
 protected:
  Families() : golden_(read_golden(GetParam())) {}

  /// The case's model from a folder that `write_checkpoint` made.
  static std::unique_ptr<Model> load(const TemporaryFolder& folder,
                                     const LoadOptions& options = {}) {
    auto model = load_model(folder.path(), options);
    EXPECT_TRUE(model) << model.error().message;
    return model ? *std::move(model) : nullptr;
  }

  std::unique_ptr<Model> load(const std::string& config = "config.json",
                              const LoadOptions& options = {}) {
    const TemporaryFolder folder;
    write_checkpoint(folder, golden_, config);
    return load(folder, options);
  }

  void expect_golden(const Model& model) const {
    const auto logits = one_pass(model, golden_.ids);
    const float spread = standard_deviation(golden_.logits);
    const float difference = largest_difference(logits, golden_.logits);
    ::testing::Test::RecordProperty("difference_per_std",
                                    fmt::format("{:.2e}", difference / spread));
    EXPECT_LE(difference, 1e-4F * spread);
    EXPECT_EQ(argmax_rows(logits, golden_.vocab()), argmax_rows(golden_.logits, golden_.vocab()));
  }

  Golden golden_;
};

TEST_P(Families, LogitsEqualTransformers) {
  const auto model = load();
  ASSERT_TRUE(model);
  EXPECT_EQ(model->facts().vocab_size, golden_.vocab());
  expect_golden(*model);
}

TEST_P(Families, PackedWeightsEqualTheirUnpackedForm) {
  const auto model = load("config.json", {.unpack_limit_bytes = 0});
  ASSERT_TRUE(model);
  expect_golden(*model);
}

TEST_P(Families, GreedyContinuationEqualsTransformers) {
  const auto model = load();
  ASSERT_TRUE(model);
  auto ids = golden_.ids;
  for (std::size_t i = 0; i < golden_.greedy.size(); ++i)
    ids.push_back(argmax_rows(one_pass(*model, ids), golden_.vocab()).back());
  EXPECT_EQ(std::vector(ids.end() - std::ssize(golden_.greedy), ids.end()), golden_.greedy);
}

TEST_P(Families, ConfigOfTransformers5GivesTheSameModel) {
  const auto hub = load("config.json");
  const auto newer = load("config.v5.json");
  ASSERT_TRUE(hub && newer);
  EXPECT_EQ(one_pass(*hub, golden_.ids), one_pass(*newer, golden_.ids));
}

TEST_P(Families, ShardsGiveTheSameModel) {
  const TemporaryFolder folder;
  folder.write("config.json", file_text(golden_.folder / "config.json"));
  const auto tensors = hash_tensors(golden_);
  const auto middle = tensors.begin() + std::ssize(tensors) / 2;
  folder.write("model-00001-of-00002.safetensors", safetensors({tensors.begin(), middle}));
  folder.write("model-00002-of-00002.safetensors", safetensors({middle, tensors.end()}));
  const auto unindexed = load(folder);

  json::object map;
  for (auto tensor = tensors.begin(); tensor != tensors.end(); ++tensor)
    map[tensor->name] = fmt::format("model-0000{}-of-00002.safetensors", tensor < middle ? 1 : 2);
  folder.write("model.safetensors.index.json", json::serialize(json::object{{"weight_map", map}}));
  const auto indexed = load(folder);

  const auto single = load();
  ASSERT_TRUE(unindexed && indexed && single);
  const auto expected = one_pass(*single, golden_.ids);
  EXPECT_EQ(one_pass(*unindexed, golden_.ids), expected);
  EXPECT_EQ(one_pass(*indexed, golden_.ids), expected);
}

TEST_P(Families, OnePassEqualsChunksEqualsTokenByToken) {
  const auto model = load();
  ASSERT_TRUE(model);
  auto ids = golden_.ids;  // long enough to cross a page: 40 tokens
  while (ids.size() < 40) ids.push_back(golden_.ids[ids.size() % golden_.ids.size()]);
  const auto whole = one_pass(*model, ids);
  for (const int chunk : {1, 7, 33}) {
    auto cache = model->make_cache(8, 3);
    std::vector<Stream> streams{{.ids = ids, .pages = {5, 2}, .state = 2}};
    std::vector<float> pieces;
    for (int left = 40; left > 0; left -= chunk) {
      const auto piece = feed(*model, *cache, streams, {std::min(chunk, left)});
      pieces.insert(pieces.end(), piece.begin(), piece.end());
    }
    EXPECT_LE(largest_difference(pieces, whole), 1e-4F) << "chunks of " << chunk;
    EXPECT_EQ(argmax_rows(pieces, golden_.vocab()), argmax_rows(whole, golden_.vocab()));
  }
}

TEST_P(Families, BatchOfManyEqualsBatchOfOne) {
  const auto model = load();
  ASSERT_TRUE(model);
  constexpr int kStreams = 5;
  std::vector<Stream> streams;
  std::vector<std::vector<float>> alone;
  for (int i = 0; i < kStreams; ++i) {
    Stream stream{.ids = golden_.ids, .pages = {2 * i + 1, 2 * i}, .state = (3 * i) % kStreams};
    std::ranges::rotate(stream.ids, stream.ids.begin() + i);
    for (int more = 0; more < 9 * i; ++more)
      stream.ids.push_back((more * 37 + i) % golden_.vocab());
    alone.push_back(one_pass(*model, stream.ids));
    streams.push_back(std::move(stream));
  }
  auto cache = model->make_cache(std::size_t{2} * kStreams, kStreams);
  std::vector<std::vector<float>> together(kStreams);
  for (int step = 0; step < 200; ++step) {
    std::vector<int> rows;  // prompt pieces of 5, then single tokens, all mixed
    for (const Stream& stream : streams) {
      const int left = static_cast<int>(stream.ids.size()) - stream.cached;
      rows.push_back(std::min(left, stream.cached < 10 ? 5 : 1));
    }
    if (std::ranges::count(rows, 0) == kStreams) break;
    const auto logits = feed(*model, *cache, streams, rows);
    auto row = logits.begin();
    for (std::size_t i = 0; i < kStreams; ++i) {
      const auto end = row + std::ptrdiff_t{rows[i]} * golden_.vocab();
      together[i].insert(together[i].end(), row, end);
      row = end;
    }
  }
  for (std::size_t i = 0; i < kStreams; ++i) {
    EXPECT_LE(largest_difference(together[i], alone[i]), 1e-4F) << "stream " << i;
    EXPECT_EQ(argmax_rows(together[i], golden_.vocab()), argmax_rows(alone[i], golden_.vocab()));
  }
}

TEST_P(Families, CopiedPagesAndStatesContinueAsTheOriginal) {
  const auto model = load();
  ASSERT_TRUE(model);
  auto ids = golden_.ids;
  while (ids.size() < 50) ids.push_back(golden_.ids[ids.size() % golden_.ids.size()]);
  const auto whole = one_pass(*model, ids);
  const auto tail = [&](int tokens) {
    return std::vector(whole.end() - std::ptrdiff_t{tokens} * golden_.vocab(), whole.end());
  };
  auto cache = model->make_cache(8, 4);
  std::vector<Stream> original{{.ids = ids, .pages = {0, 1}, .state = 1}};
  feed(*model, *cache, original, {32});  // up to a page's end: a snapshot of the state
  cache->copy_states(std::vector<StateCopy>{{.from = 1, .to = 3}});
  const std::vector<Stream> at_page{{.ids = ids, .pages = {0, 4}, .cached = 32, .state = 0}};
  feed(*model, *cache, original, {8});  // then into the next page: page and state are copied
  cache->copy_pages(std::vector<PageCopy>{{.from = 1, .to = 2}});
  cache->copy_states(std::vector<StateCopy>{{.from = 1, .to = 2}});
  std::vector<Stream> within{{.ids = ids, .pages = {0, 2}, .cached = 40, .state = 2}};

  EXPECT_LE(largest_difference(feed(*model, *cache, original, {10}), tail(10)), 1e-4F);
  EXPECT_LE(largest_difference(feed(*model, *cache, within, {10}), tail(10)), 1e-4F);
  cache->copy_states(std::vector<StateCopy>{{.from = 3, .to = 0}});
  auto restored = at_page;
  EXPECT_LE(largest_difference(feed(*model, *cache, restored, {18}), tail(18)), 1e-4F);
}

TEST_P(Families, WhatACacheGaveContinuesInAnotherCache) {
  const auto model = load();
  ASSERT_TRUE(model);
  auto ids = golden_.ids;
  while (ids.size() < 50) ids.push_back(golden_.ids[ids.size() % golden_.ids.size()]);
  const auto whole = one_pass(*model, ids);
  auto cache = model->make_cache(8, 4);
  std::vector<Stream> original{{.ids = ids, .pages = {0, 3}, .state = 1}};
  feed(*model, *cache, original, {40});
  const std::vector<std::int32_t> first{0}, second{3};
  const auto front = cache->content(first, -1);  // page by page, and the state by itself
  const auto back = cache->content(second, -1);
  const auto state = cache->content({}, 1);

  auto other = model->make_cache(8, 4);
  EXPECT_EQ(other->replace(std::vector<std::int32_t>{2}, -1, back), "");
  EXPECT_EQ(other->replace({}, 3, state), "");
  EXPECT_EQ(other->replace(std::vector<std::int32_t>{5}, -1, front), "");
  std::vector<Stream> restored{{.ids = ids, .pages = {5, 2}, .cached = 40, .state = 3}};
  const std::vector tail(whole.end() - std::ptrdiff_t{10} * golden_.vocab(), whole.end());
  EXPECT_LE(largest_difference(feed(*model, *other, restored, {10}), tail), 1e-4F);
}

INSTANTIATE_TEST_SUITE_P(Golden, Families, ::testing::ValuesIn(golden_cases()), test_name);

}  // namespace

}  // namespace hearth::models::testing
