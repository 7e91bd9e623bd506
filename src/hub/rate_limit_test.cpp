// Turns, by arithmetic: no clock is read.
#include "hub/rate_limit.h"

#include <gtest/gtest.h>

namespace hearth::hub {
namespace {

using namespace std::chrono_literals;

TEST(RateLimit, BytesQueueUp) {
  RateLimit limit(1000);
  const base::Instant start{100s};
  EXPECT_EQ(limit.turn(500, start), start + 500ms);
  EXPECT_EQ(limit.turn(500, start), start + 1s);
  EXPECT_EQ(limit.turn(100, start + 400ms), start + 1100ms);
  EXPECT_EQ(limit.turn(100, start + 5s), start + 5100ms) << "a pause saves nothing up";
}

TEST(RateLimit, NoneByDefault) {
  RateLimit limit(0);
  const base::Instant start{100s};
  EXPECT_EQ(limit.turn(1'000'000'000, start), start);
}

}  // namespace
}  // namespace hearth::hub
