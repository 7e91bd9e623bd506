// What a snapshot is made of, before it is fetched.
#include "hub/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hub/fake_hub.h"

namespace hearth::hub::testing {
namespace {

using ::testing::HasSubstr;

TEST(PlanSnapshot, CountsWhatIsWantedAndWhatIsThere) {
  FakeHub hub;
  hub.add("config.json", "{}", false);
  hub.add("a.safetensors", noise(20'000'000, 3), true);
  hub.add("modeling.py", "import os", false);
  const auto places = hub.places();
  const auto plan = plan_snapshot(places, {.repository = "org/model"});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->commit, FakeHub::kCommit);
  EXPECT_EQ(plan->bytes, 20'000'002U);
  EXPECT_EQ(plan->missing, plan->bytes);
  EXPECT_EQ(plan->not_wanted, 1U);
  EXPECT_EQ(plan->files.at(0).path, "config.json") << "small files first";
  EXPECT_EQ(plan->files.at(1).kind, HashKind::Sha256);
  const auto all = [](const Progress&) { return true; };
  ASSERT_TRUE(fetch_snapshot(places, *plan, quick_options(), all));
  EXPECT_EQ(plan_snapshot(places, {.repository = "org/model"})->missing, 0U);
}

TEST(PlanSnapshot, NothingWantedIsAnError) {
  FakeHub hub;
  hub.add("modeling.py", "import os", false);
  const auto plan = plan_snapshot(hub.places(), {.repository = "org/model"});
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, ErrorCode::NotFound);
  EXPECT_THAT(plan.error().message, HasSubstr("--include"));
}

TEST(PlanSnapshot, StopsWhereItIsToldTo) {
  FakeHub hub;
  hub.add("config.json", "{}", false);
  hub.hub_fault = [](const http::Request&) { return http::text("", 503); };
  const auto plan = plan_snapshot(hub.places(), {.repository = "org/model"}, [] { return false; });
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, ErrorCode::Cancelled);
}

}  // namespace
}  // namespace hearth::hub::testing
