// When a model is left alone, and for how long.
#include "services/pool/crash_watch.h"

#include <gtest/gtest.h>

namespace hearth::services {
namespace {

using namespace std::chrono_literals;
constexpr base::Instant kStart{};

TEST(CrashWatch, TheThirdQuickDeathInARowIsALoop) {
  CrashWatch watch;
  EXPECT_FALSE(watch.state("m").has_value());
  for (int i = 0; i < 2; ++i) watch.died("m", "first", 0s, kStart);
  EXPECT_FALSE(watch.state("m")->blocked(kStart));
  watch.died("m", "third", 0s, kStart);
  EXPECT_TRUE(watch.state("m")->blocked(kStart + 4s));
  EXPECT_FALSE(watch.state("m")->blocked(kStart + 5s));
  EXPECT_EQ(watch.state("m")->why, "third");
  EXPECT_FALSE(watch.state("other").has_value());
}

TEST(CrashWatch, PausesGrowToFiveMinutes) {
  CrashWatch watch;
  for (int i = 0; i < 4; ++i) watch.died("m", "", 9s, kStart);
  EXPECT_TRUE(watch.state("m")->blocked(kStart + 9s));
  EXPECT_FALSE(watch.state("m")->blocked(kStart + 10s));
  for (int i = 0; i < 100; ++i) watch.died("m", "", 9s, kStart);
  EXPECT_TRUE(watch.state("m")->blocked(kStart + 299s));
  EXPECT_FALSE(watch.state("m")->blocked(kStart + 300s));
}

TEST(CrashWatch, WhoLivedLongBeginsAnewAndWhoLeftInPeaceIsForgotten) {
  CrashWatch watch;
  for (int i = 0; i < 2; ++i) {
    watch.died("m", "", 0s, kStart);
    watch.was_for_memory("m");
  }
  EXPECT_EQ(watch.state("m")->for_memory, 2);
  watch.died("m", "", 10s, kStart);
  EXPECT_EQ(watch.state("m")->deaths, 1);
  EXPECT_EQ(watch.state("m")->for_memory, 0);
  watch.left("m");
  EXPECT_FALSE(watch.state("m").has_value());
}

}  // namespace
}  // namespace hearth::services
