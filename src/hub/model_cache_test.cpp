// The layout, as huggingface_hub's documentation draws it.
#include "hub/model_cache.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "base/testing/temp_folder.h"

namespace hearth::hub {
namespace {

namespace fs = std::filesystem;

const std::string kCommit(40, 'c');
const std::string kHash(40, 'b');

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(ModelCache, SnapshotsAreRelativeLinksToBlobs) {
  const base::testing::TempFolder folder;
  const auto cache = ModelCache::open(folder.path(), "org/m").value();
  std::ofstream(cache.blob(kHash)) << "{}";
  EXPECT_TRUE(cache.has_blob(kHash, 2));
  EXPECT_FALSE(cache.has_blob(kHash, 3));
  EXPECT_FALSE(cache.has_file(kCommit, "sub/config.json", 2));
  ASSERT_TRUE(cache.link(kCommit, "sub/config.json", kHash));
  EXPECT_TRUE(cache.has_file(kCommit, "sub/config.json", 2));
  const fs::path file = folder.path() / "models--org--m/snapshots" / kCommit / "sub/config.json";
  EXPECT_EQ(fs::read_symlink(file), "../../../blobs/" + kHash);
  EXPECT_EQ(content(file), "{}");
  ASSERT_TRUE(cache.link(kCommit, "sub/config.json", kHash)) << "again is no harm";
  EXPECT_EQ(cache.lock(kHash), folder.path() / ".locks/models--org--m" / (kHash + ".lock"));
}

TEST(ModelCache, WithoutLinksTheFileItselfLiesInTheSnapshot) {
  const base::testing::TempFolder folder;
  const auto cache = ModelCache::open(folder.path(), "m", Links::None).value();
  std::ofstream(cache.blob(kHash)) << "{}";
  ASSERT_TRUE(cache.link(kCommit, "config.json", kHash));
  const fs::path file = folder.path() / "models--m/snapshots" / kCommit / "config.json";
  EXPECT_FALSE(fs::is_symlink(file));
  EXPECT_EQ(content(file), "{}");
  EXPECT_TRUE(cache.has_file(kCommit, "config.json", 2));
}

TEST(ModelCache, RefsNameCommits) {
  const base::testing::TempFolder folder;
  const auto cache = ModelCache::open(folder.path(), "org/m").value();
  ASSERT_TRUE(cache.write_ref("main", "old"));
  ASSERT_TRUE(cache.write_ref("main", kCommit));
  ASSERT_TRUE(cache.write_ref("refs/pr/1", kCommit));
  EXPECT_EQ(content(folder.path() / "models--org--m/refs/main"), kCommit);
  EXPECT_EQ(content(folder.path() / "models--org--m/refs/refs/pr/1"), kCommit);
}

TEST(ModelCache, AFolderThatCannotBeMadeIsNamed) {
  const base::testing::TempFolder folder;
  const auto file = folder.write("file", "");
  const auto cache = ModelCache::open(file, "org/m");
  ASSERT_FALSE(cache);
  EXPECT_NE(cache.error().message.find("HF_HUB_CACHE"), std::string::npos);
}

}  // namespace
}  // namespace hearth::hub
