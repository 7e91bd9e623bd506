// Speed and time left, by hand arithmetic.
#include "hub/progress.h"

#include <gtest/gtest.h>

namespace hearth::hub {
namespace {

using namespace std::chrono_literals;

TEST(SpeedMeter, IsUnknownAtFirst) {
  SpeedMeter meter;
  EXPECT_EQ(meter.bytes_per_s(), 0);
  EXPECT_FALSE(meter.left(1));
  meter.add(0, base::Instant{0s});
  meter.add(500, base::Instant{100ms});
  EXPECT_EQ(meter.bytes_per_s(), 0);
}

TEST(SpeedMeter, KnowsTheLastSeconds) {
  SpeedMeter meter;
  for (int second = 0; second <= 10; ++second)
    meter.add(static_cast<std::uint64_t>(second) * 100,
              base::Instant{std::chrono::seconds(second)});
  EXPECT_DOUBLE_EQ(meter.bytes_per_s(), 100);
  EXPECT_EQ(meter.left(1001), 11s);
  for (int second = 11; second <= 20; ++second)
    meter.add(1000, base::Instant{std::chrono::seconds(second)});
  EXPECT_EQ(meter.bytes_per_s(), 0) << "nothing came for ten seconds";
  EXPECT_FALSE(meter.left(1));
}

}  // namespace
}  // namespace hearth::hub
