// Which window pages are read and held, how long they stay, and where they hang.
#include "engine/window_pages.h"

#include <gtest/gtest.h>

namespace hearth::engine {
namespace {

using Keep = WindowPages::Keep;

TEST(WindowPages, OnlyTheWindowIsRead) {
  const WindowPages windows({.pages = 1, .tokens = 40});
  EXPECT_EQ(windows.first_read(0), 0U);
  EXPECT_EQ(windows.first_read(70), 0U);  // tokens 31 to 70
  EXPECT_EQ(windows.first_read(71), 1U);  // tokens 32 to 71
  EXPECT_EQ(windows.first_read(103), 2U);
}

TEST(WindowPages, TheMostThatIsHeldFollowsFromWindowAndStep) {
  // In the worst case the first of all tokens is the last of its page.
  EXPECT_EQ(pages_across(1), 1U);
  EXPECT_EQ(pages_across(2), 2U);
  EXPECT_EQ(pages_across(33), 2U);
  EXPECT_EQ(pages_across(34), 3U);
  EXPECT_EQ(WindowPages({.pages = 1, .tokens = 1}).most_held(1), 1U);
  EXPECT_EQ(WindowPages({.pages = 1, .tokens = 1024}).most_held(512), 49U);
}

TEST(WindowPages, WhatHangsStaysUntilItsTurnComes) {
  WindowPages windows({.pages = 4, .tokens = 40});
  for (const PageId at : {10, 11, 12, 13}) windows.hang(*windows.take(), at);
  EXPECT_FALSE(windows.take());
  EXPECT_TRUE(windows.release(windows.hanging(10), Keep::Long));
  EXPECT_TRUE(windows.release(windows.hanging(11), Keep::Short));
  EXPECT_TRUE(windows.release(windows.hanging(12), Keep::Short));
  EXPECT_TRUE(windows.release(windows.hanging(13), Keep::Long));
  EXPECT_EQ(windows.available(), 4U);
  windows.hold(windows.hanging(10));  // used once more: now it is the latest
  EXPECT_TRUE(windows.release(windows.hanging(10), Keep::Long));
  windows.check_integrity();
  for (const PageId at : {12, 11, 13, 10}) {
    EXPECT_EQ(windows.evict(), at);
    EXPECT_EQ(windows.hanging(at), kNoPage);
  }
  EXPECT_EQ(windows.free(), 4U);
  windows.check_integrity();
}

TEST(WindowPages, WhatHangsNowhereIsFreeAtOnce) {
  WindowPages windows({.pages = 2, .tokens = 40});
  const PageId page = *windows.take();
  windows.hold(page);
  EXPECT_FALSE(windows.release(page));
  EXPECT_TRUE(windows.release(page));
  EXPECT_EQ(windows.free(), 2U);
  windows.hang(*windows.take(), 3);
  windows.release(windows.hanging(3));
  windows.drop(3);
  windows.drop(4);  // where nothing hangs nothing happens
  EXPECT_EQ(windows.free(), 2U);
  windows.check_integrity();
}

}  // namespace
}  // namespace hearth::engine
