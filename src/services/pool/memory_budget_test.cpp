// Budgets in percent and in gigabytes.
#include "services/pool/memory_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/machine.h"
#include "services/memory_text.h"

namespace hearth::services {
namespace {

constexpr std::uint64_t kTotal = 24'000'000'000;

TEST(MemoryBudget, ReadsPercentAndSizes) {
  EXPECT_EQ(*parse_memory_budget("75%", kTotal), 18'000'000'000U);
  EXPECT_EQ(*parse_memory_budget("12.5 %", kTotal), 3'000'000'000U);
  EXPECT_EQ(*parse_memory_budget("12GB", kTotal), 12'000'000'000U);
  EXPECT_EQ(*parse_memory_budget("1.5 GiB", kTotal), 1'610'612'736U);
  EXPECT_EQ(*parse_memory_budget("512MiB", kTotal), 536'870'912U);
}

TEST(MemoryBudget, IsNeverMoreThanTheMachineHas) {
  EXPECT_EQ(*parse_memory_budget("400%", kTotal), kTotal);
  EXPECT_EQ(*parse_memory_budget("1000GB", kTotal), kTotal);
}

TEST(MemoryBudget, RefusesNothingAndNonsense) {
  for (const char* text : {"", "%", "GB", "0%", "0.5%", "-5GB", "12", "12 apples", "100MB", "nan%"})
    EXPECT_FALSE(parse_memory_budget(text, kTotal).has_value()) << text;
}

TEST(MemoryBudget, OfThisMachineIsWhatTheSettingSays) {
  const std::uint64_t total = platform::memory().total_bytes;
  Settings settings;
  EXPECT_EQ(*memory_budget(settings), total / 4 * 3 + total % 4 * 3 / 4)
      << "75 % unless it is said";
  settings.memory = "100%";
  EXPECT_EQ(*memory_budget(settings), total);
  settings.memory = "a lot";
  const auto wrong = memory_budget(settings);
  ASSERT_FALSE(wrong.has_value());
  EXPECT_THAT(wrong.error().message, ::testing::StartsWith("pool.memory: must be"));
}

TEST(MemoryBudget, TellsSizesAndParts) {
  EXPECT_EQ(percent_of(18'000'000'000, kTotal), 75);
  EXPECT_EQ(percent_of(1, 0), 0);
  EXPECT_EQ(memory_text(340'000'000), "340 MB");
  EXPECT_EQ(memory_text(18'040'000'000), "18.0 GB");
}

}  // namespace
}  // namespace hearth::services
