// Deleting: what is freed, and what others still need.
#include "services/library/disk_usage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sha256.h"
#include "services/library/check_model.h"
#include "services/library/library.h"
#include "services/testing/temp_folder.h"

namespace hearth::services {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string kOld(40, 'a');
const std::string kNew(40, 'b');

/// A Hub's cache with one model in two revisions that share their weights.
struct Cache {
  testing::TempFolder folder;
  fs::path model = folder.path() / "models--org--name";
  std::string weights = std::string(100'000, 'w');

  Cache() {
    for (const std::string& commit : {kOld, kNew}) {
      link(commit, "config.json", R"({"model_type":"qwen3","_":")" + commit + "\"}");
      link(commit, "model.safetensors", weights);
    }
    folder.write("models--org--name/refs/main", kNew);
    folder.write("models--org--name/refs/old", kOld);
    folder.write(".locks/models--org--name/x.lock", "");
  }
  fs::path blob(const std::string& content) const {
    return model / "blobs" / base::Sha256().add(content).hex();
  }
  void link(const std::string& commit, const std::string& path, const std::string& content) {
    const fs::path at = blob(content);
    folder.write(fs::relative(at, folder.path()), content);
    fs::create_directories(model / "snapshots" / commit);
    fs::create_symlink(fs::path("../../blobs") / at.filename(),
                       model / "snapshots" / commit / path);
  }
  ModelEntry entry() const {
    return Library({.hub_cache = folder.path(), .plain = {}}).list().at(0);
  }
};

TEST(RemoveModel, FreesAllRevisionsAndLocks) {
  const Cache cache;
  const auto freed = remove_model(cache.entry(), cache.folder.path());
  ASSERT_TRUE(freed) << freed.error().message;
  EXPECT_GE(*freed, 100'000U);
  EXPECT_LT(*freed, 200'000U) << "shared weights count once";
  EXPECT_FALSE(fs::exists(cache.model));
  EXPECT_FALSE(fs::exists(cache.folder.path() / ".locks" / "models--org--name"));
}

TEST(RemoveRevision, LeavesWhatOthersNeed) {
  const Cache cache;
  const auto freed = remove_revision(cache.folder.path(), "org/name", "aaaa");
  ASSERT_TRUE(freed) << freed.error().message;
  EXPECT_LT(*freed, 100'000U);
  EXPECT_TRUE(fs::exists(cache.blob(cache.weights)));
  EXPECT_FALSE(fs::exists(cache.model / "refs" / "old"));
  EXPECT_TRUE(fs::exists(cache.model / "refs" / "main"));
  EXPECT_TRUE(fs::exists(cache.model / "snapshots" / kNew / "model.safetensors"));
  ASSERT_TRUE(remove_revision(cache.folder.path(), "org/name", kNew));
  EXPECT_FALSE(fs::exists(cache.model)) << "the last one takes the folder along";
}

TEST(RemoveRevision, NamesTheRevisionsThereAre) {
  const Cache cache;
  const auto none = remove_revision(cache.folder.path(), "org/name", "cccc");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::NotFound);
  EXPECT_THAT(none.error().message, HasSubstr(kOld));
}

TEST(RemoveModel, LeavesWhatIsNotItsOwn) {
  testing::TempFolder folder;
  const auto model = folder.add_model("elsewhere/model");
  fs::create_directories(folder.path() / "models");
  fs::create_directory_symlink(model, folder.path() / "models" / "linked");
  const auto entry = Library({.hub_cache = {}, .plain = {folder.path() / "models"}}).list().at(0);
  EXPECT_EQ(*remove_model(entry, {}), 0U);
  EXPECT_TRUE(fs::exists(model / "config.json"));
  EXPECT_FALSE(fs::exists(folder.path() / "models" / "linked"));
  ModelEntry installed = entry;
  installed.place = ModelPlace::Installed;
  EXPECT_EQ(remove_model(installed, {}).error().code, ErrorCode::Forbidden);
  installed.place = ModelPlace::Named;
  EXPECT_EQ(remove_model(installed, {}).error().code, ErrorCode::Forbidden);
}

std::string fault_of(const std::vector<CheckedFile>& files, std::string_view path) {
  for (const CheckedFile& file : files)
    if (file.path == path) return file.fault;
  return "is not listed";
}

TEST(CheckModel, HashesTellDamagedFiles) {
  const Cache cache;
  const auto always = [](std::uint64_t) { return true; };
  EXPECT_EQ(fault_of(*check_model(cache.entry(), always), "model.safetensors"), "");
  std::string flipped = cache.weights;
  flipped[77'777] = 'x';
  cache.folder.write(fs::relative(cache.blob(cache.weights), cache.folder.path()), flipped);
  auto files = *check_model(cache.entry(), always);
  EXPECT_THAT(fault_of(files, "model.safetensors"), HasSubstr("damaged"));
  EXPECT_EQ(fault_of(files, "config.json"), "");
  ASSERT_TRUE(drop_faulty(cache.entry(), files));
  EXPECT_FALSE(fs::exists(cache.blob(cache.weights)));
  EXPECT_TRUE(fs::exists(cache.model / "snapshots" / kNew / "config.json"));
}

TEST(CheckModel, MissingBlobsAreToldAndItCanBeStopped) {
  const Cache cache;
  EXPECT_EQ(check_model(cache.entry(), [](std::uint64_t) { return false; }).error().code,
            ErrorCode::Cancelled);
  fs::remove(cache.blob(cache.weights));
  const auto files = *check_model(cache.entry(), [](std::uint64_t) { return true; });
  EXPECT_EQ(fault_of(files, "model.safetensors"), "is missing");
}

}  // namespace
}  // namespace hearth::services
