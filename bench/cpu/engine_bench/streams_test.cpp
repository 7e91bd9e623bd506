// Streams compute what one pass over the same tokens computes, however these arrive.
#include "engine_bench/streams.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <map>

namespace hearth::engine_bench {
namespace {

class StreamsOfDemo : public ::testing::Test {
 protected:
  StreamsOfDemo() {
    auto model =
        models::load_model(std::filesystem::path(HEARTH_SOURCE_DIR) / "assets/hearth-demo");
    EXPECT_TRUE(model) << model.error().message;
    if (model) model_ = *std::move(model);
    for (int i = 0; i < 50; ++i) ids_.push_back(100 + i * 37 % 1000);
  }

  /// The likeliest token behind each of `ids`, from one pass.
  std::vector<std::int32_t> reference(const std::vector<std::int32_t>& ids) const {
    Streams streams(*model_, 1, static_cast<int>(ids.size()));
    const auto rows = streams.read_rows(0, ids);
    EXPECT_TRUE(rows) << rows.error().message;
    const auto width = static_cast<std::ptrdiff_t>(model_->facts().vocab_size);
    std::vector<std::int32_t> found;
    for (auto row = rows->begin(); row != rows->end(); row += width)
      found.push_back(static_cast<std::int32_t>(std::max_element(row, row + width) - row));
    return found;
  }

  std::unique_ptr<models::Model> model_;
  std::vector<std::int32_t> ids_;
};

TEST_F(StreamsOfDemo, AnyChunkGivesTheSameNextToken) {
  const std::int32_t expected = reference(ids_).back();
  Streams streams(*model_, 3, 64);
  int at = 0;
  for (const int chunk : {512, 7, 1})
    EXPECT_EQ(*streams.read(at++, ids_, chunk), expected) << chunk;
}

TEST_F(StreamsOfDemo, SequencesThatDecodeTogetherKeepTheirOwnWords) {
  constexpr int kSteps = 6;
  const std::vector<std::size_t> lengths{50, 11, 32};
  Streams streams(*model_, 3, 64);
  std::vector<std::int32_t> tokens;
  std::map<std::size_t, std::vector<std::int32_t>> seen;
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    seen[i] = {ids_.begin(), ids_.begin() + static_cast<std::ptrdiff_t>(lengths[i])};
    tokens.push_back(*streams.read(static_cast<int>(i), seen[i], 512));
  }
  for (int step = 0; step < kSteps; ++step) {
    for (std::size_t i = 0; i < lengths.size(); ++i) seen[i].push_back(tokens[i]);
    ASSERT_TRUE(streams.step(tokens));
    for (std::size_t i = 0; i < lengths.size(); ++i)
      EXPECT_EQ(tokens[i], reference(seen[i]).back()) << "sequence " << i << ", step " << step;
  }
}

TEST_F(StreamsOfDemo, WhatIsRewoundCanBeReadAgain) {
  Streams streams(*model_, 1, 64);
  const std::int32_t first = *streams.read(0, ids_, 512);
  streams.rewind(0, 3);
  EXPECT_EQ(*streams.read(0, std::span(ids_).subspan(3), 512), first);
}

TEST_F(StreamsOfDemo, AStepBeyondTheRoomIsRefused) {
  Streams streams(*model_, 1, 8);
  EXPECT_FALSE(streams.read(0, ids_, 512));
}

TEST_F(StreamsOfDemo, ReadingNothingIsRefused) {
  Streams streams(*model_, 1, 8);
  EXPECT_FALSE(streams.read(0, {}, 512));
}

}  // namespace
}  // namespace hearth::engine_bench
