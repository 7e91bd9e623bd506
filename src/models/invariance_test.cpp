// With fixed tiles of rows, a token's logits are the same to the last bit in every mix of steps.
#include <algorithm>
#include <cctype>
#include <gtest/gtest.h>
#include <random>

#include "models/testing/golden.h"

namespace hearth::models::testing {
namespace {

constexpr int kStreams = 6;
constexpr int kPagesEach = 3;

/// Streams of different lengths and contents, each with pages of its own.
std::vector<Stream> make_streams(const Golden& golden, std::mt19937& random) {
  std::vector<Stream> streams;
  for (int i = 0; i < kStreams; ++i) {
    Stream stream{.ids = golden.ids, .pages = {}, .state = i};
    for (int page = 0; page < kPagesEach; ++page) stream.pages.push_back(i * kPagesEach + page);
    const auto more = random() % 50;
    for (unsigned n = 0; n < more; ++n)
      stream.ids.push_back(static_cast<int>(random() % static_cast<unsigned>(golden.vocab())));
    std::ranges::rotate(stream.ids, stream.ids.begin() + i);
    streams.push_back(std::move(stream));
  }
  return streams;
}

/// All streams' logits, computed in steps of random shares until every stream is done.
std::vector<std::vector<float>> in_random_mixes(const Model& model, std::vector<Stream> streams,
                                                std::mt19937& random) {
  auto cache = model.make_cache(std::size_t{kStreams} * kPagesEach, kStreams);
  std::vector<std::vector<float>> logits(streams.size());
  const auto left = [&](std::size_t i) {
    return static_cast<int>(streams[i].ids.size()) - streams[i].cached;
  };
  while (true) {
    std::vector<int> rows;
    int total = 0;
    for (std::size_t i = 0; i < streams.size(); ++i) {
      const int share = random() % 3 == 0 ? 1 : static_cast<int>(random() % 20);
      rows.push_back(std::min(left(i), share));
      total += rows.back();
    }
    bool done = true;
    for (std::size_t i = 0; i < streams.size(); ++i) done = done && left(i) == 0;
    if (done) return logits;
    if (total == 0) continue;
    const auto step = feed(model, *cache, streams, rows);
    auto row = step.begin();
    for (std::size_t i = 0; i < streams.size(); ++i) {
      const auto end = row + std::ptrdiff_t{rows[i]} * model.facts().vocab_size;
      logits[i].insert(logits[i].end(), row, end);
      row = end;
    }
  }
}

class Invariance : public ::testing::TestWithParam<std::string> {};

TEST_P(Invariance, FixedRowsGiveTheSameBitsInEveryMix) {
  const Golden golden = read_golden(GetParam());
  const TemporaryFolder folder;
  write_checkpoint(folder, golden);
  const auto model = load_model(folder.path(), {.rows = nn::RowPolicy::Fixed});
  ASSERT_TRUE(model) << model.error().message;
  std::mt19937 random(7);
  const auto streams = make_streams(golden, random);
  const auto first = in_random_mixes(**model, streams, random);
  for (int round = 0; round < 2; ++round)
    EXPECT_TRUE(in_random_mixes(**model, streams, random) == first) << "round " << round;
  EXPECT_TRUE(one_pass(**model, streams[2].ids) == first[2]) << "alone";
}

TEST_P(Invariance, FixedRowsAgreeWithTheReference) {
  const Golden golden = read_golden(GetParam());
  const TemporaryFolder folder;
  write_checkpoint(folder, golden);
  const auto model = load_model(folder.path(), {.rows = nn::RowPolicy::Fixed});
  ASSERT_TRUE(model) << model.error().message;
  const auto logits = one_pass(**model, golden.ids);
  EXPECT_LE(largest_difference(logits, golden.logits), 1e-4F * standard_deviation(golden.logits));
}

INSTANTIATE_TEST_SUITE_P(Golden, Invariance, ::testing::ValuesIn(golden_cases()), test_name);

}  // namespace
}  // namespace hearth::models::testing
