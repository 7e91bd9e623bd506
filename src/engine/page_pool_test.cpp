// Pages go out once, come back when they are given back, and used numbers go out before fresh ones.
#include "engine/page_pool.h"

#include <gtest/gtest.h>
#include <vector>

namespace hearth::engine {
namespace {

TEST(PagePool, HandsOutEveryPageOnceAndThenNothing) {
  PagePool pool(3);
  EXPECT_EQ(pool.take(), 0);
  EXPECT_EQ(pool.take(), 1);
  EXPECT_EQ(pool.take(), 2);
  EXPECT_EQ(pool.take(), std::nullopt);
  EXPECT_EQ(pool.out(), 3U);
  EXPECT_EQ(pool.free(), 0U);
}

TEST(PagePool, GivesReturnedPagesBeforeFreshOnes) {
  PagePool pool(100);
  const PageId first = *pool.take();
  const PageId second = *pool.take();
  EXPECT_TRUE(pool.release(first));
  pool.give_back(first);
  EXPECT_EQ(pool.take(), first);
  EXPECT_EQ(pool.take(), second + 1);
}

TEST(PagePool, OnlyTheLastHolderMayGiveBack) {
  PagePool pool(1);
  const PageId page = *pool.take();
  pool.hold(page);
  EXPECT_FALSE(pool.release(page));
  EXPECT_EQ(pool.references(page), 1U);
  EXPECT_EQ(pool.take(), std::nullopt);
  EXPECT_TRUE(pool.release(page));
  EXPECT_EQ(pool.take(), std::nullopt);  // nobody holds it, but what it keeps may be wanted
  pool.hold(page);                       // and it was
  EXPECT_TRUE(pool.release(page));
  pool.give_back(page);
  EXPECT_EQ(pool.take(), page);
}

TEST(PagePool, CountsPagesOfATokenRow) {
  EXPECT_EQ(pages_for(0), 0U);
  EXPECT_EQ(pages_for(1), 1U);
  EXPECT_EQ(pages_for(32), 1U);
  EXPECT_EQ(pages_for(33), 2U);
}

}  // namespace
}  // namespace hearth::engine
