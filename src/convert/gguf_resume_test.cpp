// Exports that are interrupted: they go on, and what comes out is the same.
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "convert/gguf_export.h"
#include "convert/part_journal.h"
#include "convert/testing/conversions.h"
#include "models/testing/golden.h"

namespace hearth::convert {
namespace {

namespace fs = std::filesystem;
using models::testing::TemporaryFolder;
using testing::file_content;

const fs::path kDemo = fs::path(HEARTH_SOURCE_DIR) / "assets/hearth-demo";

class ResumedExport : public ::testing::Test {
 protected:
  /// With a mark behind every few tensors.
  GgufOptions options() const {
    return {.source = kDemo,
            .target = place_.path() / "made.gguf",
            .type = "q8_0",
            .force = true,
            .mark_bytes = 200'000};
  }
  fs::path hidden() const { return place_.path() / ".made.gguf.converting"; }
  fs::path part() const { return hidden() / "part.gguf"; }

  static Result<void> run(const GgufOptions& options,
                          const std::function<bool(const Progress&)>& go_on) {
    auto work = GgufExport::make(options);
    if (!work) return fail(work.error());
    return work->run(go_on);
  }

  /// Stops at a tensor in the middle, a part of which is written already.
  void stop_half_way() const {
    const auto stopped = run(
        options(), [](const Progress& progress) { return progress.numbers < progress.all / 2; });
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::Cancelled);
    EXPECT_TRUE(fs::exists(part()));
    EXPECT_FALSE(fs::exists(options().target));
  }

  /// Goes on to the end. @returns the numbers that were written.
  std::int64_t finish(const GgufOptions& options) const {
    std::int64_t first = -1;
    std::int64_t last = 0;
    const auto done = run(options, [&](const Progress& progress) {
      if (first < 0) first = progress.numbers;
      last = progress.numbers;
      return true;
    });
    EXPECT_TRUE(done) << done.error().message;
    EXPECT_FALSE(fs::exists(hidden()));
    return last - first;
  }

  void expect_like_undisturbed(GgufOptions options) const {
    options.target = place_.path() / "undisturbed.gguf";
    options.mark_bytes = GgufOptions().mark_bytes;
    ASSERT_TRUE(run(options, [](const Progress&) { return true; }));
    EXPECT_TRUE(file_content(place_.path() / "made.gguf") == file_content(options.target));
  }

  TemporaryFolder place_;
};

TEST_F(ResumedExport, GoesOnBehindTheLastFinishedTensor) {
  stop_half_way();
  const auto plan = GgufExport::make(options());
  ASSERT_TRUE(plan) << plan.error().message;
  const Summary& summary = plan->summary();
  EXPECT_LT(summary.left_bytes, summary.target_bytes);
  EXPECT_GT(summary.left_bytes, summary.target_bytes / 4);
  EXPECT_FALSE(summary.starts_over);
  EXPECT_LT(finish(options()), summary.parameters * 3 / 4);
  expect_like_undisturbed(options());
}

TEST_F(ResumedExport, GoesOnWhereverItWasStopped) {
  bool finished = false;
  for (int stops = 0; stops < 500 && !finished; ++stops) {
    int told = 0;
    const auto done = run(options(), [&](const Progress&) { return ++told < 12; });
    ASSERT_TRUE(done || done.error().code == ErrorCode::Cancelled) << done.error().message;
    finished = done.has_value();
  }
  ASSERT_TRUE(finished);
  expect_like_undisturbed(options());
}

TEST_F(ResumedExport, DamagedBytesAreWrittenAnew) {
  stop_half_way();
  std::string bytes = file_content(part());
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::ofstream(part(), std::ios::binary) << bytes;
  finish(options());
  expect_like_undisturbed(options());
}

TEST_F(ResumedExport, AFileThatIsCutShortIsWrittenFromThere) {
  stop_half_way();
  fs::resize_file(part(), fs::file_size(part()) / 3);
  const auto plan = GgufExport::make(options());
  ASSERT_TRUE(plan);
  EXPECT_GT(plan->summary().left_bytes, plan->summary().target_bytes * 3 / 4);
  finish(options());
  expect_like_undisturbed(options());
}

TEST_F(ResumedExport, AnotherTypeStartsOver) {
  stop_half_way();
  GgufOptions other = options();
  other.type = "f16";
  const auto plan = GgufExport::make(other);
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->summary().starts_over);
  EXPECT_EQ(plan->summary().left_bytes, plan->summary().target_bytes);
  finish(other);
  expect_like_undisturbed(other);
}

TEST_F(ResumedExport, AJournalThatIsNoneCountsForNothing) {
  stop_half_way();
  for (const char* text : {"", "{", "[]", R"({"export": 1})", R"({"marks": [1]})"}) {
    std::ofstream(hidden() / PartJournal::kFile, std::ios::binary) << text;
    const PartJournal journal = PartJournal::read(hidden(), "print");
    EXPECT_EQ(journal.seems_done(UINT64_MAX).bytes, 0U) << text;
    EXPECT_TRUE(journal.replaced());
  }
  finish(options());
  expect_like_undisturbed(options());
}

TEST(PartJournal, MarksThatGoBackAreNotBelieved) {
  const TemporaryFolder folder;
  const auto read = [&](const char* marks) {
    folder.write(PartJournal::kFile, fmt::format(R"({{"export": "p", "marks": {}}})", marks));
    return PartJournal::read(folder.path(), "p").seems_done(1000).tensors;
  };
  EXPECT_EQ(read(R"([{"tensors": 1, "bytes": 10, "sha256": ""},
                     {"tensors": 2, "bytes": 30, "sha256": ""}])"),
            2U);
  EXPECT_EQ(read(R"([{"tensors": 1, "bytes": 10, "sha256": ""},
                     {"tensors": 2, "bytes": 9, "sha256": ""}])"),
            1U);
  EXPECT_EQ(read(R"([{"tensors": 1, "bytes": 10, "sha256": ""},
                     {"tensors": 1, "bytes": 20, "sha256": ""}])"),
            1U);
  EXPECT_EQ(read(R"([{"tensors": -1, "bytes": 10, "sha256": ""}])"), 0U);
  EXPECT_EQ(read(R"([{"tensors": 1, "bytes": 10, "sha256": 5}])"), 0U);
  EXPECT_EQ(read(R"([{"tensors": 1, "bytes": 2000, "sha256": ""}])"), 0U);  // the file has less
}

}  // namespace
}  // namespace hearth::convert
