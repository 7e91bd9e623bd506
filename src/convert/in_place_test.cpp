// Conversions that give up their source as they go, and what becomes of interrupted ones.
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "convert/consumed_source.h"
#include "convert/convert.h"
#include "convert/target_folder.h"
#include "convert/testing/conversions.h"
#include "models/testing/golden.h"

namespace hearth::convert {
namespace {

namespace fs = std::filesystem;
using models::testing::TemporaryFolder;
using nn::testing::safetensors;
using testing::file_content;

class InPlace : public ::testing::Test {
 protected:
  static constexpr std::size_t kFiles = 4;

  InPlace() {
    write_source(source_.path());
    write_source(twin_.path());
  }

  /// The golden model in several files, tensors in the order of their names.
  static void write_source(const fs::path& folder) {
    const auto golden = models::testing::read_golden("llama/plain");
    const auto tensors = models::testing::hash_tensors(golden);
    std::ofstream(folder / "config.json")
        << models::testing::file_text(golden.folder / "config.json");
    const std::size_t each = (tensors.size() + kFiles - 1) / kFiles;
    for (std::size_t i = 0; i < kFiles; ++i) {
      const auto first = tensors.begin() + static_cast<std::ptrdiff_t>(i * each);
      const auto last =
          tensors.begin() + static_cast<std::ptrdiff_t>(std::min(tensors.size(), (i + 1) * each));
      std::ofstream(folder / file(i), std::ios::binary)
          << safetensors(std::vector<nn::testing::StoredTensor>(first, last));
    }
  }

  static std::string file(std::size_t i) {
    return fmt::format("model-{:05}-of-{:05}.safetensors", i + 1, kFiles);
  }

  Options options() const {
    Options options;
    options.source = source_.path();
    options.target = place_.path() / "made";
    options.bits = 4;
    options.group = 32;
    options.in_place = true;
    options.file_bytes = 20'000;
    return options;
  }

  std::size_t files_left() const {
    std::size_t left = 0;
    for (std::size_t i = 0; i < kFiles; ++i) left += fs::exists(source_.path() / file(i)) ? 1 : 0;
    return left;
  }

  static Result<void> run(const Options& options, const std::function<bool(const Progress&)>& go) {
    auto conversion = Conversion::make(options);
    if (!conversion) return fail(conversion.error());
    return conversion->run(go);
  }

  void expect_like_undisturbed() const {
    Options plain = options();
    plain.source = twin_.path();
    plain.target = place_.path() / "undisturbed";
    plain.in_place = false;
    ASSERT_TRUE(run(plain, [](const Progress&) { return true; }));
    std::size_t files = 0;
    for (const auto& item : fs::directory_iterator(plain.target)) {
      ASSERT_TRUE(item.is_regular_file());
      EXPECT_EQ(file_content(options().target / item.path().filename()), file_content(item.path()))
          << item.path().filename();
      ++files;
    }
    for (const auto& item : fs::directory_iterator(options().target))
      files -= item.is_regular_file() ? 1 : 0;
    EXPECT_EQ(files, 0U);
    EXPECT_FALSE(fs::exists(options().target / "source"));
  }

  TemporaryFolder source_, twin_, place_;
};

TEST_F(InPlace, TheSourceGoesAndTheResultIsTheSame) {
  const auto done = run(options(), [](const Progress&) { return true; });
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(files_left(), 0U);
  EXPECT_TRUE(fs::exists(source_.path() / "config.json"));
  EXPECT_FALSE(fs::exists(TargetFolder::hidden_place(options().target)));
  expect_like_undisturbed();
}

TEST_F(InPlace, NeedsLessRoomAtOnceThanTheResultTakes) {
  Options ordinary = options();
  ordinary.in_place = false;
  const auto plain = Conversion::make(ordinary);
  const auto saving = Conversion::make(options());
  ASSERT_TRUE(plain && saving);
  EXPECT_EQ(plain->summary().needed_bytes, plain->summary().left_bytes);
  EXPECT_LT(saving->summary().needed_bytes, plain->summary().needed_bytes);
}

TEST_F(InPlace, GoesOnWhereverItWasStopped) {
  bool finished = false;
  std::size_t least = kFiles;
  for (int stops = 0; stops < 200 && !finished; ++stops) {
    int told = 0;
    const auto done = run(options(), [&](const Progress&) { return ++told < 3 + stops; });
    ASSERT_TRUE(done || done.error().code == ErrorCode::Cancelled) << done.error().message;
    finished = done.has_value();
    if (!finished && files_left() > 0) least = std::min(least, files_left());
    if (!finished && files_left() < kFiles)
      EXPECT_FALSE(models::load_model(source_.path())) << "half a model looks like a whole one";
    if (!finished) EXPECT_FALSE(fs::exists(options().target));
  }
  ASSERT_TRUE(finished);
  EXPECT_LT(least, kFiles);  // it was stopped when a part of the source was gone
  EXPECT_EQ(files_left(), 0U);
  expect_like_undisturbed();
}

/// Stops the conversion when a part of the source is gone.
void stop_half_way(const Options& options, const fs::path& source) {
  auto conversion = Conversion::make(options);
  ASSERT_TRUE(conversion) << conversion.error().message;
  const auto stopped = conversion->run([&](const Progress&) {
    return fs::exists(source / "model-00001-of-00004.safetensors") &&
           fs::exists(source / "model-00002-of-00004.safetensors") &&
           fs::exists(source / "model-00003-of-00004.safetensors") &&
           fs::exists(source / "model-00004-of-00004.safetensors");
  });
  ASSERT_FALSE(stopped);
}

TEST_F(InPlace, OtherOptionsDoNotThrowAwayWhatCannotBeMadeAgain) {
  stop_half_way(options(), source_.path());
  Options other = options();
  other.bits = 8;
  const auto refused = Conversion::make(other);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("only with the options"), std::string::npos);
  ASSERT_TRUE(run(options(), [](const Progress&) { return true; }));
  expect_like_undisturbed();
}

TEST_F(InPlace, DamagedFilesAreNotMadeAgainOutOfNothing) {
  stop_half_way(options(), source_.path());
  const fs::path hidden = TargetFolder::hidden_place(options().target);
  std::string first;
  for (const auto& item : fs::directory_iterator(hidden))
    if (item.path().filename().string().starts_with("model-00001")) first = item.path();
  ASSERT_FALSE(first.empty());
  std::string bytes = file_content(first);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  std::ofstream(first, std::ios::binary) << bytes;
  const auto refused = run(options(), [](const Progress&) { return true; });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::CorruptData) << refused.error().message;
}

TEST_F(InPlace, LinksToElsewhereAreNotGivenUp) {
  const TemporaryFolder links;
  for (const auto& item : fs::directory_iterator(source_.path()))
    fs::create_symlink(item.path(), links.path() / item.path().filename());
  Options linked = options();
  linked.source = links.path();
  const auto refused = Conversion::make(linked);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("what else needs that is not known"), std::string::npos)
      << refused.error().message;
  EXPECT_EQ(files_left(), kFiles);
}

TEST_F(InPlace, FilesWithOtherNamesAreNotGivenUp) {
  fs::create_hard_link(source_.path() / file(1), place_.path() / "other");
  const auto refused = Conversion::make(options());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find(file(1) + " cannot be given up for its space: it has"),
            std::string::npos)
      << refused.error().message;
}

/// The source as the Hub's cache has it: blobs, and snapshots of links to them.
class InPlaceInCache : public InPlace {
 protected:
  InPlaceInCache() {
    fs::create_directories(blobs());
    for (const auto& item : fs::directory_iterator(source_.path()))
      fs::rename(item.path(), blobs() / ("hash-" + item.path().filename().string()));
    add_snapshot("one");
  }

  fs::path blobs() const { return cache_.path() / "models--org--name/blobs"; }
  fs::path snapshot(const char* commit) const {
    return cache_.path() / "models--org--name/snapshots" / commit;
  }
  void link(const char* commit, const std::string& name, const std::string& blob) const {
    fs::create_symlink(fs::path("../../blobs") / ("hash-" + blob), snapshot(commit) / name);
  }
  void add_snapshot(const char* commit) const {
    fs::create_directories(snapshot(commit));
    for (std::size_t i = 0; i < kFiles; ++i) link(commit, file(i), file(i));
    link(commit, "config.json", "config.json");
  }
  Options cached() const {
    Options options = InPlace::options();
    options.source = snapshot("one");
    return options;
  }
  std::size_t blobs_left() const {
    std::size_t left = 0;
    for (std::size_t i = 0; i < kFiles; ++i) left += fs::exists(blobs() / ("hash-" + file(i)));
    return left;
  }

  TemporaryFolder cache_;
};

TEST_F(InPlaceInCache, BlobsGoWithTheirLinks) {
  const auto done = run(cached(), [](const Progress&) { return true; });
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(blobs_left(), 0U);
  std::vector<std::string> left;
  for (const auto& item : fs::directory_iterator(snapshot("one")))
    left.push_back(item.path().filename().string());
  EXPECT_EQ(left, std::vector<std::string>{"config.json"});
  expect_like_undisturbed();
}

TEST_F(InPlaceInCache, AnotherSnapshotKeepsItsBlobs) {
  fs::create_directories(snapshot("two"));
  link("two", "weights.safetensors", file(2));
  const auto refused = Conversion::make(cached());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find(file(2) + " cannot be given up for its space: the "
                                                   "snapshot two has it too"),
            std::string::npos)
      << refused.error().message;
  EXPECT_EQ(blobs_left(), kFiles);
  fs::remove(snapshot("two") / "weights.safetensors");
  EXPECT_TRUE(Conversion::make(cached()));
}

TEST_F(InPlaceInCache, OneBlobUnderTwoNamesIsKept) {
  link("one", "copy.safetensors.backup", file(0));
  const auto refused = Conversion::make(cached());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("copy.safetensors.backup is the same file"),
            std::string::npos)
      << refused.error().message;
}

TEST_F(InPlaceInCache, ASnapshotThatComesInTheMeantimeKeepsItsBlobs) {
  auto conversion = Conversion::make(cached());
  ASSERT_TRUE(conversion) << conversion.error().message;
  const auto stopped = conversion->run([&](const Progress&) {
    if (!fs::exists(snapshot("two"))) add_snapshot("two");
    return true;
  });
  ASSERT_FALSE(stopped);
  EXPECT_NE(stopped.error().message.find("the snapshot two has it too"), std::string::npos);
  EXPECT_EQ(blobs_left(), kFiles);
  fs::remove_all(snapshot("two"));
  ASSERT_TRUE(run(cached(), [](const Progress&) { return true; }));
  EXPECT_EQ(blobs_left(), 0U);
  expect_like_undisturbed();
}

TEST_F(InPlaceInCache, ALinkWhoseBlobWentJustBeforeTheEndGoesToo) {
  auto conversion = Conversion::make(cached());
  ASSERT_TRUE(conversion) << conversion.error().message;
  ASSERT_FALSE(conversion->run([&](const Progress&) { return blobs_left() == kFiles; }));
  ASSERT_LT(blobs_left(), kFiles);
  for (std::size_t i = 0; i < kFiles; ++i)
    if (!fs::exists(blobs() / ("hash-" + file(i)))) link("one", file(i), file(i));
  ASSERT_TRUE(run(cached(), [](const Progress&) { return true; }));
  for (std::size_t i = 0; i < kFiles; ++i)
    EXPECT_FALSE(fs::is_symlink(snapshot("one") / file(i))) << file(i);
  expect_like_undisturbed();
}

}  // namespace
}  // namespace hearth::convert
