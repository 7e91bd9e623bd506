// What make_step refuses, and the positions it derives.
#include "nn/step_batch.h"

#include <gtest/gtest.h>

namespace hearth::nn {
namespace {

const std::vector<std::int32_t> kIds{10, 11, 12, 13, 14};

TEST(StepBatch, PositionsFollowEachSegmentsCachedTokens) {
  const auto step = make_step(kIds,
                              {{.first_row = 0, .rows = 3, .cached = 0, .pages = {4}},
                               {.first_row = 3, .rows = 1, .cached = 31, .pages = {2}},
                               {.first_row = 4, .rows = 1, .cached = 32, .pages = {3, 1}}},
                              {2, 4});
  ASSERT_TRUE(step) << step.error().message;
  EXPECT_EQ(step->tokens(), 5);
  mx::array positions = step->positions;
  mx::eval(positions);
  const auto* data = positions.data<std::int32_t>();
  EXPECT_EQ(std::vector(data, data + 5), (std::vector{0, 1, 2, 31, 32}));
}

TEST(StepBatch, RefusesWhatContradictsItself) {
  const auto refused = [](std::vector<Segment> segments, std::vector<std::int32_t> wanted = {}) {
    return !make_step(kIds, std::move(segments), std::move(wanted));
  };
  EXPECT_TRUE(refused({})) << "rows that no segment covers";
  EXPECT_TRUE(refused({{.first_row = 0, .rows = 4, .pages = {0}}})) << "one row too few";
  EXPECT_TRUE(refused({{.first_row = 0, .rows = 6, .pages = {0}}})) << "one row too many";
  EXPECT_TRUE(refused({{.first_row = 1, .rows = 5, .pages = {0}}})) << "a gap";
  EXPECT_TRUE(refused({{.first_row = 0, .rows = 5, .cached = 28, .pages = {0}}})) << "33 tokens";
  EXPECT_TRUE(refused({{.first_row = 0, .rows = 5, .cached = -1, .pages = {0}}}));
  EXPECT_TRUE(refused({{.first_row = 0, .rows = 5, .pages = {-1}}}));
  EXPECT_TRUE(refused({{.first_row = 0, .rows = 5, .pages = {0}}}, {5})) << "a row that is not";
  const auto windowed = [&](int first, std::vector<std::int32_t> pages) {
    return refused({{.first_row = 0,
                     .rows = 5,
                     .cached = 62,
                     .pages = {0, 1, 2},
                     .window_pages = std::move(pages),
                     .window_first = first}});
  };
  EXPECT_FALSE(windowed(1, {3, 4}));
  EXPECT_TRUE(windowed(1, {3})) << "the last page is missing";
  EXPECT_TRUE(windowed(-1, {3, 4, 5, 6}));
  EXPECT_TRUE(windowed(1, {3, -1}));
  EXPECT_FALSE(make_step({}, {}, {})) << "an empty step";
}

}  // namespace
}  // namespace hearth::nn
