// Reading the kernel's own format.
#include "platform/memory_pressure.h"

#include <gtest/gtest.h>

namespace hearth::platform {
namespace {

TEST(MemoryPressure, ReadsTheKernelsTwoLines) {
  const auto pressure = read_pressure(
      "some avg10=12.50 avg60=3.00 avg300=0.10 total=123456\n"
      "full avg10=4.25 avg60=1.00 avg300=0.00 total=98765\n");
  ASSERT_TRUE(pressure.has_value());
  EXPECT_EQ(pressure->some, 12.5);
  EXPECT_EQ(pressure->full, 4.25);
  EXPECT_FALSE(pressure->high());
}

TEST(MemoryPressure, IsHighWhereManyWaitOrAllDo) {
  EXPECT_TRUE((MemoryPressure{.some = 20}.high()));
  EXPECT_TRUE((MemoryPressure{.some = 6, .full = 5}.high()));
  EXPECT_FALSE((MemoryPressure{.some = 19, .full = 4}.high()));
}

TEST(MemoryPressure, OtherTextsTellNothing) {
  for (const char* text : {"", "some", "some avg10=1.0\n", "some avg10=x\nfull avg10=1\n",
                           "some avg60=1\nfull avg60=1\n"})
    EXPECT_FALSE(read_pressure(text).has_value()) << text;
}

TEST(MemoryPressure, AskingTheMachineIsSafe) {
  if (const auto pressure = memory_pressure()) {
    EXPECT_GE(pressure->some, 0);
    EXPECT_LE(pressure->some, 100);
  }
}

}  // namespace
}  // namespace hearth::platform
