// Blocks are taken, given back, noted, and known again by the next process.
#include "hub/part_map.h"

#include <fstream>
#include <gtest/gtest.h>
#include <random>

#include "base/testing/temp_folder.h"

namespace hearth::hub {
namespace {

class Map : public ::testing::Test {
 protected:
  PartMap open(std::uint64_t bytes = 95, std::uint64_t block = 10) const {
    return std::move(PartMap::open(file_, bytes, block)).value();
  }
  base::testing::TempFolder folder_;
  std::filesystem::path file_ = folder_.path() / "x.map";
};

TEST_F(Map, HandsOutBlocksFromTheFrontAndTakesThemBack) {
  PartMap map = open();
  EXPECT_EQ(map.missing_bytes(), 95U);
  const auto first = map.take(25);
  EXPECT_EQ(first->begin, 0U);
  EXPECT_EQ(first->end, 20U) << "whole blocks only";
  EXPECT_EQ(map.take(1)->end, 30U) << "but at least one";
  EXPECT_EQ(map.take(1000)->end, 95U);
  EXPECT_FALSE(map.take(1000));
  map.give_back({10, 30});
  const auto again = map.take(1000);
  EXPECT_EQ(again->begin, 10U);
  EXPECT_EQ(again->end, 30U);
}

TEST_F(Map, OnlyWholeBlocksCount) {
  PartMap map = open();
  map.take(1000);
  ASSERT_TRUE(map.arrived(0, 9));
  EXPECT_EQ(map.whole_bytes(), 0U);
  ASSERT_TRUE(map.arrived(9, 27));
  EXPECT_EQ(map.whole_bytes(), 20U);
  EXPECT_EQ(map.prefix_bytes(), 20U);
  ASSERT_TRUE(map.arrived(90, 95)) << "the last one is shorter";
  EXPECT_EQ(map.whole_bytes(), 25U);
  EXPECT_EQ(map.prefix_bytes(), 20U);
  map.give_back({0, 95});
  EXPECT_EQ(map.missing_bytes(), 70U);
}

TEST_F(Map, IsKnownAgain) {
  {
    PartMap map = open();
    ASSERT_TRUE(map.set_etag("\"abc\""));
    ASSERT_TRUE(map.arrived(20, 40));
  }
  PartMap map = open();
  EXPECT_EQ(map.etag(), "\"abc\"");
  EXPECT_EQ(map.whole_bytes(), 20U);
  EXPECT_EQ(map.take(1000)->end, 20U);
  EXPECT_EQ(map.take(1000)->begin, 40U);
  ASSERT_TRUE(map.clear());
  EXPECT_EQ(open().whole_bytes(), 0U);
}

TEST_F(Map, OfAnotherLengthOrBrokenCountsAsNone) {
  ASSERT_TRUE(open().arrived(0, 40));
  EXPECT_EQ(open(94).whole_bytes(), 0U);
  ASSERT_TRUE(open().arrived(0, 40));
  EXPECT_EQ(open(95, 5).whole_bytes(), 0U);
  ASSERT_TRUE(open().arrived(0, 40));
  std::filesystem::resize_file(file_, 515);
  EXPECT_EQ(open().whole_bytes(), 0U);
  std::ofstream(file_) << "rubbish";
  EXPECT_EQ(open().whole_bytes(), 0U);
}

TEST_F(Map, AnEmptyFileIsWholeAtOnce) {
  PartMap map = open(0);
  EXPECT_TRUE(map.whole());
  EXPECT_FALSE(map.take(10));
}

TEST_F(Map, SumsHoldWhateverHappens) {
  std::mt19937 random(7);
  PartMap map = open(1234, 10);
  std::vector<ByteRange> taken;
  for (int step = 0; step < 2000 && !map.whole(); ++step) {
    if (random() % 2 == 0)
      if (const auto range = map.take(random() % 200)) taken.push_back(*range);
    if (taken.empty()) continue;
    const ByteRange range = taken.back();
    taken.pop_back();
    const std::uint64_t until = range.begin + random() % (range.bytes() + 1);
    ASSERT_TRUE(map.arrived(range.begin, until));
    map.give_back(range);
    ASSERT_LE(map.whole_bytes() + map.missing_bytes(), 1234U);
    if (taken.empty()) ASSERT_EQ(map.whole_bytes() + map.missing_bytes(), 1234U);
    ASSERT_LE(map.prefix_bytes(), map.whole_bytes());
  }
  EXPECT_TRUE(map.whole());
}

}  // namespace
}  // namespace hearth::hub
