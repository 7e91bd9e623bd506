// The queue with its threads and its database.
#include "services/downloads/downloads.h"

#include <atomic>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/testing/fake_engine.h"
#include "services/testing/fake_source.h"
#include "services/testing/temp_folder.h"

namespace hearth::services {
namespace {

using engine::testing::eventually;
using store::DownloadState;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct DownloadsWorld {
  testing::FakeSource source;
  std::unique_ptr<store::Database> database = *store::Database::in_memory();
  std::unique_ptr<Downloads> downloads;

  explicit DownloadsWorld(int at_once = 2) { restart(at_once); }
  ~DownloadsWorld() { downloads.reset(); }

  /// What happens to the database when the program ends and begins again.
  void restart(int at_once = 2) {
    downloads.reset();
    downloads = *Downloads::open(*database, at_once, source.source());
  }
  std::string add(const std::string& name) { return downloads->add({.repository = name})->id; }
  bool reaches(const std::string& id, DownloadState state) const {
    return eventually([&] { return downloads->find(id)->row.state == state; });
  }
  DownloadState stored(const std::string& id) {
    const auto rows = store::Downloads(*database).list();
    for (const auto& row : *rows)
      if (row.id == id) return row.state;
    return DownloadState::Failed;
  }
};

TEST(Downloads, RunSoManyAtOnceAndTheRestAfterThem) {
  DownloadsWorld world(2);
  const auto a = world.add("a");
  const auto b = world.add("b");
  const auto c = world.add("c");
  ASSERT_TRUE(world.reaches(b, DownloadState::Downloading));
  EXPECT_EQ(world.downloads->find(c)->row.state, DownloadState::Pending);
  world.source.end("a");
  ASSERT_TRUE(world.reaches(a, DownloadState::Completed));
  ASSERT_TRUE(world.reaches(c, DownloadState::Downloading));
  EXPECT_THAT(world.source.seen(world.source.completed), ElementsAre("a"));
  EXPECT_EQ(world.stored(a), DownloadState::Completed);
}

TEST(Downloads, ProgressIsSeenAndTold) {
  DownloadsWorld world;
  const auto id = world.add("a");
  ASSERT_TRUE(world.reaches(id, DownloadState::Downloading));
  std::atomic<int> told = 0;
  const auto subscription = world.downloads->subscribe([&] { ++told; });
  world.source.bring("a", 42);
  EXPECT_TRUE(eventually([&] { return world.downloads->find(id)->row.done == 42; }));
  EXPECT_GT(told, 0);
  EXPECT_EQ(world.downloads->find(id)->row.bytes, 100U);
}

TEST(Downloads, PausedStaysSoOverARestartAndInterruptedGoesOn) {
  DownloadsWorld world;
  const auto a = world.add("a");
  const auto b = world.add("b");
  ASSERT_TRUE(world.reaches(b, DownloadState::Downloading));
  ASSERT_TRUE(world.downloads->pause(a));
  EXPECT_EQ(world.stored(a), DownloadState::Paused) << "before the caller goes on";
  world.restart();
  EXPECT_TRUE(world.reaches(b, DownloadState::Downloading));
  EXPECT_EQ(world.downloads->find(a)->row.state, DownloadState::Paused);
  ASSERT_TRUE(world.downloads->resume(a));
  EXPECT_TRUE(world.reaches(a, DownloadState::Downloading));
}

TEST(Downloads, CancelKeepsOrRemovesWhatIsNotWhole) {
  DownloadsWorld world;
  const auto kept = world.add("kept");
  const auto gone = world.add("gone");
  const auto waiting = world.add("waiting");
  ASSERT_TRUE(world.reaches(gone, DownloadState::Downloading));
  ASSERT_TRUE(world.downloads->pause(waiting));
  ASSERT_TRUE(world.downloads->cancel(kept, true));
  ASSERT_TRUE(world.downloads->cancel(gone, false));
  ASSERT_TRUE(world.downloads->cancel(waiting, false));
  EXPECT_TRUE(eventually([&] { return world.source.seen(world.source.removed).size() == 2; }));
  EXPECT_THAT(world.source.seen(world.source.removed),
              ::testing::UnorderedElementsAre("gone", "waiting"));
  EXPECT_EQ(world.downloads->find(kept)->row.state, DownloadState::Cancelled);
}

TEST(Downloads, AnEndedOneCanBeForgotten) {
  DownloadsWorld world;
  const auto id = world.add("a");
  world.source.end("a", fail(ErrorCode::Io, "no room"));
  ASSERT_TRUE(world.reaches(id, DownloadState::Failed));
  EXPECT_EQ(world.downloads->find(id)->row.error, "no room");
  ASSERT_TRUE(eventually([&] { return world.downloads->forget(id).has_value(); }));
  EXPECT_THAT(*world.downloads->list(), IsEmpty());
  EXPECT_THAT(*store::Downloads(*world.database).list(), IsEmpty());
}

TEST(Downloads, EntriesThatHaveNotChangedStayTheSameObjects) {
  DownloadsWorld world(1);
  world.add("a");
  const auto b = world.add("b");
  const auto before = world.downloads->find(b);
  world.source.bring("a", 10);
  ASSERT_TRUE(eventually([&] { return world.downloads->list()->front()->row.done == 10; }));
  EXPECT_EQ(world.downloads->find(b), before);
}

}  // namespace
}  // namespace hearth::services
