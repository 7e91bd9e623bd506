// Choices that can be found by hand.
#include "convert/bit_choice.h"

#include <gtest/gtest.h>

namespace hearth::convert {
namespace {

using Menu = std::vector<std::vector<BitOption>>;

TEST(BitChoice, BytesGoWhereTheyGainMost) {
  const Menu options{{{3, 300, 0.10}, {4, 400, 0.03}, {8, 800, 0.0}},
                     {{3, 300, 0.90}, {4, 400, 0.20}, {8, 800, 0.0}}};
  EXPECT_EQ(choose_bits(options, 599), std::vector<int>{});
  EXPECT_EQ(choose_bits(options, 600), (std::vector<int>{3, 3}));
  EXPECT_EQ(choose_bits(options, 700), (std::vector<int>{3, 4}));
  EXPECT_EQ(choose_bits(options, 800), (std::vector<int>{4, 4}));
  EXPECT_EQ(choose_bits(options, 1200), (std::vector<int>{4, 8}));
  EXPECT_EQ(choose_bits(options, 9999), (std::vector<int>{8, 8}));
}

TEST(BitChoice, AStepMayLeaveOneOut) {
  // From 2 to 3 bits gains nothing, from 2 to 4 much.
  const Menu options{{{2, 200, 1.0}, {3, 300, 1.0}, {4, 400, 0.0}}};
  EXPECT_EQ(choose_bits(options, 399), std::vector<int>{2});
  EXPECT_EQ(choose_bits(options, 400), std::vector<int>{4});
}

TEST(BitChoice, WhatNoLongerFitsMakesRoomForWhatDoes) {
  const Menu options{{{4, 1000, 1.0}, {5, 2000, 0.0}}, {{4, 100, 0.01}, {5, 120, 0.005}}};
  EXPECT_EQ(choose_bits(options, 1500), (std::vector<int>{4, 5}));
}

TEST(BitChoice, OfEqualGainsTheFirstComesFirst) {
  const std::vector<BitOption> each{{4, 100, 1.0}, {5, 200, 0.5}};
  EXPECT_EQ(choose_bits(Menu{each, each, each}, 500), (std::vector<int>{5, 5, 4}));
  EXPECT_EQ(choose_bits(Menu{}, 0), std::vector<int>{});
}

}  // namespace
}  // namespace hearth::convert
