// Limits that change while the server runs: at once, for later runs, and back again.
#include "services/pool/live_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "platform/machine.h"
#include "services/testing/pool_world.h"
#include "store/kept_settings.h"

namespace hearth::services {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::FakePool;
using ::testing::IsEmpty;
using ::testing::Pair;

/// A server that was started with some settings.
struct LimitsWorld {
  explicit LimitsWorld(Settings now, Settings configured = {})
      : pool({.limits = *pool_limits(now)}),
        limits(*pool, *database, {.now = std::move(now), .configured = std::move(configured)}) {}

  std::map<std::string, std::string> kept() { return *store::KeptSettings(*database).all(); }

  std::unique_ptr<store::Database> database = *store::Database::in_memory();
  FakePool pool;
  LiveLimits limits;
};

TEST(PoolLimits, AreWhatTheSettingsSay) {
  Settings settings;
  settings.memory = "50%";
  settings.max_loaded = 7;
  settings.eviction = "ttl";
  settings.keep_alive = "-1";
  const auto limits = *pool_limits(settings);
  EXPECT_EQ(limits.rules.budget_bytes, platform::memory().total_bytes / 2);
  EXPECT_EQ(limits.rules.max_loaded, 7U);
  EXPECT_EQ(limits.rules.eviction, Eviction::SoonestToExpire);
  EXPECT_EQ(limits.idle, KeepAlive{});
  settings.keep_alive = "soon";
  EXPECT_TRUE(pool_limits(settings).error().message.starts_with("pool.keep_alive: "));
}

TEST(LiveLimits, HoldAtOnceAndAreKept) {
  LimitsWorld world{{}};
  ASSERT_TRUE(world.limits.change({{"pool.max_loaded", "2"}, {"pool.keep_alive", "60"}}));
  EXPECT_EQ(world.pool->limits().rules.max_loaded, 2U);
  EXPECT_EQ(world.pool->limits().idle, KeepAlive{.after = 60s});
  EXPECT_THAT(world.kept(),
              ElementsAre(Pair("pool.keep_alive", "60"), Pair("pool.max_loaded", "2")));
  EXPECT_THAT(world.limits.changed(), ElementsAre("pool.max_loaded", "pool.keep_alive"));
}

TEST(LiveLimits, GoBackToWhatIsConfigured) {
  Settings now;
  now.max_loaded = 2;  // changed in an earlier run
  Settings configured;
  configured.max_loaded = 8;
  LimitsWorld world(now, configured);
  EXPECT_THAT(world.limits.changed(), ElementsAre("pool.max_loaded"));
  ASSERT_TRUE(world.limits.change({{"pool.max_loaded", std::nullopt}}));
  EXPECT_EQ(world.pool->limits().rules.max_loaded, 8U);
  ASSERT_TRUE(world.limits.change({{"pool.max_loaded", "3"}}));
  ASSERT_TRUE(world.limits.change({{"pool.max_loaded", "8"}}));
  EXPECT_THAT(world.kept(), IsEmpty()) << "as configured: nothing to keep";
  EXPECT_THAT(world.limits.changed(), IsEmpty());
}

TEST(LiveLimits, AWrongOneChangesNothing) {
  LimitsWorld world{{}};
  EXPECT_EQ(world.limits.change({{"pool.max_loaded", "2"}, {"pool.memory", "lots"}}).error().code,
            ErrorCode::InvalidArgument);
  EXPECT_FALSE(world.limits.change({{"pool.eviction", "fifo"}}).has_value());
  EXPECT_EQ(world.pool->limits().rules.max_loaded, 4U);
  EXPECT_THAT(world.kept(), IsEmpty());
}

}  // namespace
}  // namespace hearth::services
