// Models into archives and back, and archives of strangers.
#include <algorithm>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>

#include "base/sha256.h"
#include "services/archive/export_model.h"
#include "services/archive/import_model.h"
#include "services/archive/tar_header.h"
#include "services/testing/temp_folder.h"

namespace hearth::services {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

const ArchiveProgress kGoOn = [](std::uint64_t) { return true; };

struct ArchiveWorld {
  testing::TempFolder folder;
  fs::path models = folder.path() / "models";
  fs::path archive = folder.path() / "model.tar";
  std::string deep = std::string(60, 'd') + "/" + std::string(60, 'e') + ".json";

  ModelEntry model() {
    ModelEntry entry{.id = "org/model", .folder = folder.add_model("source")};
    folder.write("source/" + deep, "{}");
    folder.write("source/block.bin", std::string(kTarBlock, 'b'));
    folder.write("source/empty", "");
    fs::create_directories(folder.path() / "blobs");
    folder.write("blobs/large", std::string(3'000'000, 'L'));
    std::error_code there_already;
    fs::create_symlink("../blobs/large", entry.folder / "linked.safetensors", there_already);
    return entry;
  }
  Result<ArchiveContent> pack() { return export_model(model(), archive, false, kGoOn); }
  Result<ArchiveContent> unpack(const std::string& name = {}, bool overwrite = false) {
    return import_model(
        {.archive = archive, .models = models, .name = name, .overwrite = overwrite}, kGoOn);
  }
  /// Nothing but what is named lies among the models.
  bool nothing_else(std::size_t entries) const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(models), {})) == entries;
  }
};

/// An archive by a stranger: entries, then a list that names them rightly.
struct Forgery {
  std::string bytes;
  std::vector<ArchivedFile> files;

  void add(const std::string& path, std::string_view content, char type = '0') {
    const TarBlock block = write_tar_header({.path = path, .bytes = content.size(), .type = type});
    bytes.append(block.data(), block.size()).append(content);
    bytes.append(tar_padding(content.size()), '\0');
    if (path != kArchiveList)
      files.push_back(
          {.path = path, .bytes = content.size(), .sha256 = base::Sha256().add(content).hex()});
  }
  void finish(const std::string& model = "org/model") {
    add(kArchiveList, base::write_json(write_archive_list({.model = model, .files = files})));
    bytes.append(2 * kTarBlock, '\0');
  }
};

TEST(Archive, BringsEveryByteBack) {
  ArchiveWorld world;
  const auto packed = world.pack();
  ASSERT_TRUE(packed) << packed.error().message;
  EXPECT_EQ(packed->files.size(), 6U);
  const auto content = world.unpack();
  ASSERT_TRUE(content) << content.error().message;
  EXPECT_EQ(content->model, "org/model");
  const fs::path there = world.models / "org/model";
  EXPECT_EQ(content_of(there / "linked.safetensors"), std::string(3'000'000, 'L'));
  EXPECT_FALSE(fs::is_symlink(there / "linked.safetensors"));
  EXPECT_EQ(content_of(there / world.deep), "{}");
  EXPECT_EQ(content_of(there / "empty"), "");
  EXPECT_TRUE(world.nothing_else(1));
}

TEST(Archive, ReplacesOnlyWhenTold) {
  ArchiveWorld world;
  ASSERT_TRUE(world.pack());
  EXPECT_EQ(export_model(world.model(), world.archive, false, kGoOn).error().code,
            ErrorCode::InvalidArgument);
  ASSERT_TRUE(world.unpack());
  EXPECT_THAT(world.unpack().error().message, HasSubstr("--force"));
  world.folder.write("models/org/model/more", "x");
  ASSERT_TRUE(world.unpack({}, true));
  EXPECT_FALSE(fs::exists(world.models / "org/model/more"));
  ASSERT_TRUE(world.unpack("other"));
  EXPECT_TRUE(world.nothing_else(2));
  EXPECT_EQ(world.unpack("../out").error().code, ErrorCode::InvalidArgument);
}

TEST(Archive, CutAnywhereItIsRefusedAndNothingStays) {
  ArchiveWorld world;
  ASSERT_TRUE(world.pack());
  const std::string whole = content_of(world.archive);
  for (std::size_t length = 0; length + 2 * kTarBlock < whole.size(); length += 100'003) {
    std::ofstream(world.archive, std::ios::binary | std::ios::trunc) << whole.substr(0, length);
    const auto content = world.unpack("cut");
    ASSERT_FALSE(content) << length;
    EXPECT_EQ(content.error().code, ErrorCode::CorruptData) << content.error().message;
    EXPECT_TRUE(world.nothing_else(0)) << length;
  }
}

TEST(Archive, AChangedByteIsNamedByItsFile) {
  ArchiveWorld world;
  ASSERT_TRUE(world.pack());
  std::string bytes = content_of(world.archive);
  bytes[bytes.find("LLLL") + 1000] = 'M';
  std::ofstream(world.archive, std::ios::binary | std::ios::trunc) << bytes;
  const auto content = world.unpack();
  ASSERT_FALSE(content);
  EXPECT_THAT(content.error().message, HasSubstr("linked.safetensors is damaged"));
  EXPECT_TRUE(world.nothing_else(0));
}

TEST(Archive, StoppingLeavesNothing) {
  ArchiveWorld world;
  const ArchiveProgress stop = [](std::uint64_t) { return false; };
  EXPECT_EQ(export_model(world.model(), world.archive, false, stop).error().code,
            ErrorCode::Cancelled);
  EXPECT_FALSE(fs::exists(world.archive));
  ASSERT_TRUE(world.pack());
  EXPECT_EQ(import_model({.archive = world.archive, .models = world.models}, stop).error().code,
            ErrorCode::Cancelled);
  EXPECT_TRUE(world.nothing_else(0));
}

TEST(Archive, NothingLeadsOutOfTheFolder) {
  for (const char* path : {"../evil", "/etc/evil", "a/../../evil", "a//b", "./a", "a\\b", "dir/"}) {
    ArchiveWorld world;
    Forgery forgery;
    forgery.add("config.json", "{}");
    forgery.add(path, "evil");
    forgery.finish();
    std::ofstream(world.archive, std::ios::binary) << forgery.bytes;
    const auto content = world.unpack();
    ASSERT_FALSE(content) << path;
    EXPECT_EQ(content.error().code, ErrorCode::CorruptData) << path;
    EXPECT_FALSE(fs::exists(world.folder.path() / "evil")) << path;
    EXPECT_TRUE(world.nothing_else(0)) << path;
  }
}

TEST(Archive, LinksFilesTwiceAndForeignListsAreRefused) {
  const auto refused = [](const std::function<void(Forgery&)>& make) {
    ArchiveWorld world;
    Forgery forgery;
    forgery.add("config.json", "{}");
    make(forgery);
    std::ofstream(world.archive, std::ios::binary) << forgery.bytes;
    const auto content = world.unpack();
    return content ? "nothing was refused" : content.error().message;
  };
  EXPECT_THAT(refused([](Forgery& one) {
                one.add("link", "", '2');
                one.finish();
              }),
              HasSubstr("link or a device"));
  EXPECT_THAT(refused([](Forgery& one) {
                one.add("config.json", "{}");
                one.finish();
              }),
              HasSubstr("twice"));
  EXPECT_THAT(refused([](Forgery& one) {
                one.files.push_back({.path = "more", .bytes = 1, .sha256 = "x"});
                one.finish();
              }),
              HasSubstr("more is missing"));
  EXPECT_THAT(refused([](Forgery& one) {
                one.files.clear();
                one.finish();
              }),
              HasSubstr("does not name"));
  EXPECT_THAT(refused([](Forgery& one) { one.finish("../../evil"); }), HasSubstr("ORG/NAME"));
  EXPECT_THAT(refused([](Forgery& one) { one.bytes.append(2 * kTarBlock, '\0'); }),
              HasSubstr("no Hearth wrote it"));
}

}  // namespace
}  // namespace hearth::services
