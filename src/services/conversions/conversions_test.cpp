// The queue with its threads and its database.
#include "services/conversions/conversions.h"

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/testing/fake_engine.h"
#include "services/testing/fake_converter.h"

namespace hearth::services {
namespace {

using engine::testing::eventually;
using store::ConversionState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

store::ConversionRow wanted(const std::string& model) {
  return {.model = model, .source = "/models/" + model, .target = "/made/" + model};
}

struct ConversionsWorld {
  testing::FakeConverter converter;
  std::unique_ptr<store::Database> database = *store::Database::in_memory();
  std::unique_ptr<Conversions> conversions;

  explicit ConversionsWorld(int at_once = 1) { restart(at_once); }
  ~ConversionsWorld() { conversions.reset(); }

  /// What happens to the database when the program ends and begins again.
  void restart(int at_once = 1) {
    conversions.reset();
    conversions = *Conversions::open(*database, at_once, converter.world());
  }
  std::string add(const std::string& model) {
    return conversions->add({wanted(model)})->front().id;
  }
  ConversionState state(const std::string& id) const { return conversions->find(id)->row.state; }
  bool reaches(const std::string& id, ConversionState wanted_state) const {
    return eventually([&] { return state(id) == wanted_state; });
  }
  std::vector<std::string> started() const { return converter.seen(converter.started); }
};

TEST(Conversions, RunOneAfterAnother) {
  ConversionsWorld world;
  const auto added = *world.conversions->add({wanted("a"), wanted("b"), wanted("a")});
  ASSERT_EQ(added.size(), 3U);
  EXPECT_TRUE(added[2].joined);
  EXPECT_EQ(added[2].id, added[0].id);
  ASSERT_TRUE(world.reaches(added[0].id, ConversionState::Running));
  EXPECT_EQ(world.state(added[1].id), ConversionState::Pending);
  world.converter.end("a");
  ASSERT_TRUE(world.reaches(added[0].id, ConversionState::Completed));
  ASSERT_TRUE(world.reaches(added[1].id, ConversionState::Running));
  EXPECT_THAT(world.converter.seen(world.converter.completed), ElementsAre("a"));
  EXPECT_EQ(world.conversions->find(added[0].id)->row.result, R"({"bits_per_weight":4.5})");
}

TEST(Conversions, SeveralComeTogetherOrNotAtAll) {
  ConversionsWorld world;
  store::ConversionRow other = wanted("b");
  other.target = wanted("a").target;
  const auto refused = world.conversions->add({wanted("a"), other});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::InvalidArgument);
  EXPECT_THAT(*world.conversions->list(), IsEmpty());
  EXPECT_THAT(*store::Conversions(*world.database).list(), IsEmpty());
}

TEST(Conversions, ProgressIsSeenAndTold) {
  ConversionsWorld world;
  const auto id = world.add("a");
  ASSERT_TRUE(world.reaches(id, ConversionState::Running));
  std::atomic<int> told = 0;
  const auto subscription = world.conversions->subscribe([&] { ++told; });
  world.converter.bring("a", 42);
  EXPECT_TRUE(eventually([&] { return world.conversions->find(id)->progress.done == 42; }));
  EXPECT_GT(told, 0);
  EXPECT_EQ(world.conversions->find(id)->progress.phase, "converting");
}

TEST(Conversions, WhatWasInterruptedGoesOnAndWhatWaitedWaits) {
  ConversionsWorld world;
  const auto a = world.add("a");
  const auto b = world.add("b");
  ASSERT_TRUE(eventually([&] { return !world.started().empty(); }));
  world.restart();
  ASSERT_TRUE(eventually([&] { return world.started().size() == 2; }));
  EXPECT_THAT(world.started(), ElementsAre("a", "a again"));
  EXPECT_EQ(world.state(b), ConversionState::Pending);
  world.converter.end("a");
  EXPECT_TRUE(world.reaches(a, ConversionState::Completed));
}

TEST(Conversions, AFailureIsToldAndTheNextOneRuns) {
  ConversionsWorld world;
  const auto a = world.add("a");
  const auto b = world.add("b");
  world.converter.end("a", fail(ErrorCode::EngineLost, "it was killed"));
  ASSERT_TRUE(world.reaches(a, ConversionState::Failed));
  EXPECT_EQ(world.conversions->find(a)->row.error, "it was killed");
  EXPECT_TRUE(world.reaches(b, ConversionState::Running));
  ASSERT_TRUE(world.conversions->retry(a));
  EXPECT_EQ(world.state(a), ConversionState::Pending);
  world.converter.end("b");
  EXPECT_TRUE(world.reaches(a, ConversionState::Running));
}

TEST(Conversions, CancelKeepsOrRemovesWhatIsNotWhole) {
  ConversionsWorld world;
  const auto kept = world.add("kept");
  const auto waiting = world.add("waiting");
  const auto gone = world.add("gone");
  ASSERT_TRUE(world.reaches(kept, ConversionState::Running));
  ASSERT_TRUE(world.conversions->cancel(waiting, false));
  EXPECT_THAT(world.converter.seen(world.converter.discarded), ElementsAre("waiting"));
  ASSERT_TRUE(world.conversions->cancel(kept, true));
  ASSERT_TRUE(world.reaches(gone, ConversionState::Running));
  ASSERT_TRUE(world.conversions->cancel(gone, false));
  EXPECT_TRUE(
      eventually([&] { return world.converter.seen(world.converter.discarded).size() == 2; }));
  EXPECT_EQ(world.state(kept), ConversionState::Cancelled);
  EXPECT_TRUE(eventually([&] { return world.conversions->forget(gone).has_value(); }));
  EXPECT_EQ(world.conversions->find(gone), nullptr);
  EXPECT_EQ(world.converter.holding(), 0);
}

TEST(Conversions, WaitForMemoryAndSaySo) {
  ConversionsWorld world;
  world.converter.set_room(false);
  const auto id = world.add("a");
  EXPECT_TRUE(eventually([&] { return !world.conversions->find(id)->row.error.empty(); }));
  EXPECT_EQ(world.state(id), ConversionState::Pending);
  EXPECT_EQ(world.conversions->find(id)->row.error, "no memory for a");
  EXPECT_THAT(world.started(), IsEmpty());
  world.converter.set_room(true);
  ASSERT_TRUE(world.reaches(id, ConversionState::Running));
  EXPECT_EQ(world.conversions->find(id)->row.error, "");
  EXPECT_EQ(world.converter.holding(), 1);
}

TEST(Conversions, OneThatFindsItsPlaceTakenIsTriedAgain) {
  ConversionsWorld world;
  const auto id = world.add("a");
  world.converter.end("a", fail(ErrorCode::Overloaded, "another conversion is at it"));
  EXPECT_TRUE(eventually([&] { return world.started().size() >= 2; }));
  EXPECT_THAT(world.started(), ElementsAre("a", "a")) << "it never really began";
  world.converter.end("a");
  EXPECT_TRUE(world.reaches(id, ConversionState::Completed));
}

}  // namespace
}  // namespace hearth::services
