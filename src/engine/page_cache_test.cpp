// Holding, keeping and evicting pages; snapshots of recurrent states.
#include "engine/page_cache.h"

#include <gtest/gtest.h>
#include <vector>

namespace hearth::engine {
namespace {

/// A sequence of `tokens` tokens from `from` on, computed in pages of its own and published.
Sequence computed(PageCache& cache, TokenId from, std::uint32_t tokens) {
  std::vector<TokenId> row;
  for (std::uint32_t i = 0; i <= tokens; ++i) row.push_back(from + i);
  Sequence sequence(SequenceId{from + 1}, std::move(row), 1);
  for (std::uint32_t i = 0; i < pages_for(tokens); ++i) sequence.add_page(*cache.take());
  sequence.mark_computed(tokens);
  for (std::uint32_t i = 0; i < tokens / kPageTokens; ++i) EXPECT_TRUE(cache.publish(sequence, i));
  return sequence;
}

TEST(PageCache, WhatNobodyHoldsIsKeptUntilItsPlaceIsNeeded) {
  PageCache cache({.pages = 3});
  Sequence first = computed(cache, 0, 70);
  EXPECT_EQ(cache.used(), 3U);
  EXPECT_FALSE(cache.take());
  cache.retire(first);
  EXPECT_EQ(cache.used(), 0U);
  EXPECT_EQ(cache.available(), 3U);
  EXPECT_EQ(cache.stats().cached, 3U);  // two whole pages and a part
  cache.check_integrity();

  // Leaves go first: what is left is still a beginning.
  const auto page = cache.take();
  ASSERT_TRUE(page);
  Sequence again(SequenceId{99}, std::vector<TokenId>(first.tokens().begin(), first.tokens().end()),
                 1);
  EXPECT_EQ(cache.match(again, 70).tokens(), 64U);
  EXPECT_EQ(cache.stats().evictions, 1U);
  cache.release(*page);
  EXPECT_EQ(cache.stats().free, 1U);
  cache.check_integrity();
}

TEST(PageCache, ASecondComputingOfTheSameGivesItsPageBack) {
  PageCache cache({.pages = 4});
  Sequence first = computed(cache, 0, 32);
  Sequence second = computed(cache, 0, 32);
  EXPECT_EQ(second.pages()[0], first.pages()[0]);
  EXPECT_EQ(cache.holders(first.pages()[0]), 2U);
  EXPECT_EQ(cache.used(), 1U);
  cache.retire(first);
  cache.retire(second);
  cache.check_integrity();
}

/// The same with window pages, all of them still held.
Sequence windowed(PageCache& cache, TokenId from, std::uint32_t tokens) {
  std::vector<TokenId> row;
  for (std::uint32_t i = 0; i <= tokens; ++i) row.push_back(from + i);
  Sequence sequence(SequenceId{from + 1}, std::move(row), 1);
  for (std::uint32_t i = 0; i < pages_for(tokens); ++i) {
    sequence.add_page(*cache.take());
    sequence.windows().add(*cache.take_window());
  }
  sequence.mark_computed(tokens);
  for (std::uint32_t i = 0; i < tokens / kPageTokens; ++i) EXPECT_TRUE(cache.publish(sequence, i));
  return sequence;
}

PrefixMatch match_again(PageCache& cache, const Sequence& earlier) {
  Sequence again(SequenceId{99}, {earlier.tokens().begin(), earlier.tokens().end()}, 1);
  return cache.match(again, again.reusable());
}

TEST(PageCache, AMatchEndsWhereItsWindowPagesAre) {
  PageCache cache({.pages = 10, .windows = {.pages = 5, .tokens = 40}});
  Sequence first = windowed(cache, 0, 140);  // four pages and a part
  cache.retire(first);
  cache.check_integrity();
  const PrefixMatch all = match_again(cache, first);
  EXPECT_EQ(all.tokens(), 140U);
  EXPECT_EQ(all.windows.size(), 2U);              // tokens 89 to 128 are read behind page 4
  EXPECT_EQ(cache.windows_read(all).size(), 1U);  // tokens 101 to 140 behind the part

  // The last pages go first, and what ends in them is no match any more.
  ASSERT_TRUE(cache.take_window());
  EXPECT_EQ(match_again(cache, first).tokens(), 128U);
  ASSERT_TRUE(cache.take_window());
  const PrefixMatch less = match_again(cache, first);
  EXPECT_EQ(less.tokens(), 96U);
  EXPECT_EQ(less.pages_known, 4U);
  cache.check_integrity();
}

TEST(PageCache, WhatIsComputedAnewGivesTheTreeItsWindowPagesBack) {
  PageCache cache({.pages = 10, .windows = {.pages = 4, .tokens = 40}});
  Sequence first = windowed(cache, 0, 64);
  cache.retire(first);
  const PageId a = *cache.take_window();
  const PageId b = *cache.take_window();
  ASSERT_TRUE(cache.take_window());
  ASSERT_TRUE(cache.take_window());
  EXPECT_EQ(match_again(cache, first).tokens(), 0U);
  cache.windows().release(a);
  cache.windows().release(b);
  Sequence second = windowed(cache, 0, 64);
  EXPECT_EQ(match_again(cache, first).tokens(), 64U);
  cache.retire(second);
  cache.check_integrity();
}

TEST(PageCache, APageOfTheTreeTakesItsWindowPageAlong) {
  PageCache cache({.pages = 2, .windows = {.pages = 2, .tokens = 40}});
  Sequence first = windowed(cache, 0, 64);
  cache.retire(first);
  EXPECT_EQ(cache.windows().cached(), 2U);
  ASSERT_TRUE(cache.take());
  EXPECT_EQ(cache.windows().cached(), 1U);
  EXPECT_EQ(cache.windows().free(), 1U);
  cache.check_integrity();
}

TEST(PageCache, WithoutSharingNothingIsKept) {
  PageCache cache({.pages = 4, .share = false});
  std::vector<TokenId> row(40, 1);
  Sequence sequence(SequenceId{1}, row, 1);
  sequence.add_page(*cache.take());
  sequence.mark_computed(32);
  EXPECT_FALSE(cache.publish(sequence, 0));
  cache.retire(sequence);
  EXPECT_EQ(cache.stats().free, 4U);
}

TEST(PageCache, TheOldestSnapshotMakesRoomForAState) {
  PageCache cache({.pages = 8, .states = 3});
  Sequence first = computed(cache, 0, 32);
  Sequence second = computed(cache, 1000, 32);
  ASSERT_TRUE(cache.add_snapshot(first.pages()[0]));
  ASSERT_TRUE(cache.add_snapshot(second.pages()[0]));
  cache.hold(first.pages()[0]);  // somebody goes on from there
  cache.release(first.pages()[0]);
  ASSERT_TRUE(cache.take_state());
  EXPECT_EQ(cache.states_available(), 2U);
  ASSERT_TRUE(cache.take_state());
  EXPECT_TRUE(cache.has_snapshot(first.pages()[0]));
  EXPECT_FALSE(cache.has_snapshot(second.pages()[0]));
  ASSERT_TRUE(cache.take_state());
  EXPECT_FALSE(cache.take_state());
  cache.retire(first);
  cache.retire(second);
  cache.check_integrity();
}

}  // namespace
}  // namespace hearth::engine
