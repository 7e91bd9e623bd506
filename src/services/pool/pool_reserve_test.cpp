// Memory for other work than models, out of the same budget.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>

#include "services/testing/pool_world.h"

namespace hearth::services {
namespace {

using ::testing::ElementsAre;
using testing::FakePool;
using testing::fixed_budget;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::kGb;
using ::testing::Pair;

TEST(PoolReserve, UnusedModelsLeaveForIt) {
  FakePool pool(fixed_budget(10, 1));
  ASSERT_TRUE(pool.use("a", 6 * kGb));
  auto room = pool->reserve("the work", 5 * kGb);
  ASSERT_TRUE(room) << room.error().message;
  EXPECT_TRUE(pool.workers.has_ended("a"));
  EXPECT_THAT(pool->reserved(), ElementsAre(Pair("the work", 5 * kGb)));
}

TEST(PoolReserve, ItCountsUntilItGoes) {
  FakePool pool(fixed_budget(10, 1));
  auto room = std::make_optional(*pool->reserve("the work", 5 * kGb));
  const auto refused = pool.use("a", 6 * kGb);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::Overloaded);
  EXPECT_THAT(refused.error().message, HasSubstr("the work (5.0 GB, in use)"));
  room.reset();
  EXPECT_TRUE(pool.use("a", 6 * kGb));
  EXPECT_THAT(pool->reserved(), IsEmpty());
}

TEST(PoolReserve, WaitsForWhoIsUsedOrPinned) {
  FakePool pool(fixed_budget(10, 1));
  Lease used = pool.hold("a", 6 * kGb);
  EXPECT_EQ(pool->reserve("the work", 5 * kGb).error().code, ErrorCode::Overloaded);
  pool->edit("a", [](auto& row) { row.pinned = true; });
  used.reset();
  EXPECT_EQ(pool->reserve("the work", 5 * kGb).error().code, ErrorCode::Overloaded);
  EXPECT_TRUE(pool->reserve("less", 2 * kGb));
}

TEST(PoolReserve, IsRefusedWhereTheBudgetIsTooSmallForEver) {
  FakePool pool(fixed_budget(10, 1));
  const auto refused = pool->reserve("the work", 11 * kGb);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::OutOfMemory);
  EXPECT_THAT(refused.error().message, HasSubstr("raise pool.memory"));
}

TEST(PoolReserve, WaitsWhileTheMachineIsShort) {
  FakePool pool(fixed_budget(10, 1));
  pool.set_pressed(true);
  EXPECT_EQ(pool->reserve("the work", kGb).error().code, ErrorCode::Overloaded);
  pool.set_pressed(false);
  EXPECT_TRUE(pool->reserve("the work", kGb));
}

TEST(PoolReserve, IsNoModelThatTakesAPlace) {
  PoolOptions options = fixed_budget(10, 1);
  options.limits.rules.max_loaded = 1;
  FakePool pool(options);
  const auto room = pool->reserve("the work", kGb);
  EXPECT_TRUE(pool.use("a", 2 * kGb));
  EXPECT_TRUE(pool->reserve("more work", kGb));
  EXPECT_FALSE(pool.workers.has_ended("a"));
}

}  // namespace
}  // namespace hearth::services
