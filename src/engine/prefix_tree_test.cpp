// Finding beginnings of rows of tokens, whole pages and parts, and forgetting them.
#include "engine/prefix_tree.h"

#include <gtest/gtest.h>
#include <vector>

#include "engine/testing/made_up_prompts.h"

namespace hearth::engine {
namespace {

using testing::token_row;

/// A sequence whose page table is first, first + 1 ...
Sequence in_pages(std::vector<TokenId> tokens, PageId first, std::string salt = "") {
  const std::uint32_t pages = pages_for(tokens.size());
  Sequence sequence(SequenceId{1}, std::move(tokens), 1, {.salt = std::move(salt)});
  for (std::uint32_t i = 0; i < pages; ++i) sequence.add_page(first + static_cast<PageId>(i));
  return sequence;
}

PrefixMatch match(const PrefixTree& tree, std::vector<TokenId> tokens, std::string salt = "") {
  Sequence sequence(SequenceId{2}, std::move(tokens), 1, {.salt = std::move(salt)});
  return tree.match(sequence, sequence.length() - 1, /*with_states=*/false);
}

TEST(PrefixTree, FindsWholePagesAndTheBeginningOfTheNext) {
  PrefixTree tree;
  Sequence sequence = in_pages(token_row(0, 96), 10);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(tree.add(sequence, i), 10 + static_cast<PageId>(i));
  EXPECT_EQ(match(tree, token_row(0, 200)).whole, (std::vector<PageId>{10, 11, 12}));
  std::vector<TokenId> other = token_row(0, 70);
  other.resize(100, 999);
  const PrefixMatch found = match(tree, other);
  EXPECT_EQ(found.whole, (std::vector<PageId>{10, 11}));
  EXPECT_EQ(found.part, 12);
  EXPECT_EQ(found.part_tokens, 6U);
  EXPECT_EQ(found.tokens(), 70U);
  tree.check_integrity();
}

TEST(PrefixTree, LeavesAtLeastTheLimitsTokenToCompute) {
  PrefixTree tree;
  Sequence sequence = in_pages(token_row(0, 64), 0);
  tree.add(sequence, 0);
  tree.add(sequence, 1);
  const PrefixMatch found = match(tree, token_row(0, 64));
  EXPECT_EQ(found.whole, (std::vector<PageId>{0}));
  EXPECT_EQ(found.part, 1);
  EXPECT_EQ(found.tokens(), 63U);
  EXPECT_EQ(match(tree, token_row(0, 1)).tokens(), 0U);
}

TEST(PrefixTree, TheSameTokensElsewhereAreAnotherPage) {
  PrefixTree tree;
  std::vector<TokenId> twice = token_row(0, 32);
  twice.insert(twice.end(), twice.begin(), twice.end());
  Sequence sequence = in_pages(twice, 0);
  EXPECT_EQ(tree.add(sequence, 0), 0);
  EXPECT_EQ(tree.add(sequence, 1), 1);
  EXPECT_EQ(match(tree, token_row(0, 40)).whole, (std::vector<PageId>{0}));
  tree.check_integrity();
}

TEST(PrefixTree, ASecondPageOfTheSameTokensIsNotTaken) {
  PrefixTree tree;
  Sequence first = in_pages(token_row(0, 32), 0);
  Sequence second = in_pages(token_row(0, 32), 7);
  EXPECT_EQ(tree.add(first, 0), 0);
  EXPECT_EQ(tree.add(second, 0), 0);
  EXPECT_FALSE(tree.contains(7));
}

TEST(PrefixTree, SaltsAreKeptApart) {
  PrefixTree tree;
  Sequence plain = in_pages(token_row(0, 32), 0);
  Sequence adapted = in_pages(token_row(0, 32), 1, "adapter");
  EXPECT_EQ(tree.add(plain, 0), 0);
  EXPECT_EQ(tree.add(adapted, 0), 1);
  EXPECT_EQ(match(tree, token_row(0, 40)).whole, (std::vector<PageId>{0}));
  EXPECT_EQ(match(tree, token_row(0, 40), "adapter").whole, (std::vector<PageId>{1}));
  EXPECT_EQ(match(tree, token_row(0, 40), "another").tokens(), 0U);
  tree.remove(0);
  tree.remove(1);
  tree.check_integrity();
}

TEST(PrefixTree, AHashIsNotBelieved) {
  PrefixTree tree([](std::uint64_t, std::span<const TokenId>) { return std::uint64_t{42}; });
  Sequence first = in_pages(token_row(0, 32), 0);
  Sequence second = in_pages(token_row(500, 32), 1);
  EXPECT_EQ(tree.add(first, 0), 0);
  EXPECT_EQ(tree.add(second, 0), kNoPage);
  EXPECT_EQ(match(tree, token_row(500, 40)).tokens(), 0U);
  EXPECT_EQ(match(tree, token_row(0, 40)).tokens(), 32U);
}

TEST(PrefixTree, PartsAreLeavesAndTheLongestMatchCounts) {
  PrefixTree tree;
  Sequence sequence = in_pages(token_row(0, 40), 0);
  tree.add(sequence, 0);
  EXPECT_TRUE(tree.add_part(sequence, 1, 8));
  Sequence longer = in_pages(token_row(0, 50), 4);
  longer.replace_page(0, 0);
  EXPECT_TRUE(tree.add_part(longer, 1, 18));
  EXPECT_FALSE(tree.add_part(longer, 1, 12));
  const PrefixMatch found = match(tree, token_row(0, 60));
  EXPECT_EQ(found.part, 5);
  EXPECT_EQ(found.tokens(), 50U);
  tree.remove(1);
  tree.remove(5);
  tree.remove(0);
  EXPECT_EQ(tree.pages(), 0U);
  tree.check_integrity();
}

TEST(PrefixTree, RecurrentModelsReachOnlyAsFarAsASnapshot) {
  PrefixTree tree;
  Sequence sequence = in_pages(token_row(0, 128), 0);
  for (std::size_t i = 0; i < 4; ++i) tree.add(sequence, i);
  Sequence later(SequenceId{2}, token_row(0, 140), 1);
  EXPECT_EQ(tree.match(later, 139, true).tokens(), 0U);
  tree.set_state(1, 5);
  const PrefixMatch found = tree.match(later, 139, true);
  EXPECT_EQ(found.tokens(), 64U);
  EXPECT_EQ(found.state, 5);
  EXPECT_EQ(found.pages_known, 4U);
}

}  // namespace
}  // namespace hearth::engine
