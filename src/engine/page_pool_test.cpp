// Pages go out once, come back when the last holder lets go, and used numbers go out before fresh
// ones.
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
  EXPECT_EQ(pool.used(), 3U);
  EXPECT_EQ(pool.free(), 0U);
}

TEST(PagePool, GivesReturnedPagesBeforeFreshOnes) {
  PagePool pool(100);
  const PageId first = *pool.take();
  const PageId second = *pool.take();
  pool.release(first);
  EXPECT_EQ(pool.take(), first);
  EXPECT_EQ(pool.take(), second + 1);
}

TEST(PagePool, SharedPageIsFreeOnlyWhenItsLastHolderLetsGo) {
  PagePool pool(1);
  const PageId page = *pool.take();
  pool.share(page);
  pool.release(page);
  EXPECT_EQ(pool.references(page), 1U);
  EXPECT_EQ(pool.take(), std::nullopt);
  pool.release(page);
  EXPECT_EQ(pool.references(page), 0U);
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
