// Room for saved prompts: who goes first, what is damaged, and what is none of them.
#include "engine/prompts/prompt_folder.h"

#include <gtest/gtest.h>

#include "engine/testing/temp_folder.h"

namespace hearth::engine {
namespace {

using testing::TempFolder;

PromptContent content(TokenId first, const std::string& fingerprint = "fp_a") {
  PromptContent made{.prompt = {.name = std::to_string(first),
                                .fingerprint = fingerprint,
                                .tokens = std::vector<TokenId>(32, first)},
                     .tensors = {}};
  made.tensors.push_back(
      {.name = "k", .dtype = "U8", .shape = {32, 3000}, .bytes = std::vector<std::byte>(96'000)});
  return made;
}

std::string names(const PromptFolder& folder, const std::string& fingerprint = {}) {
  std::string all;
  for (const SavedPrompt& prompt : folder.list(fingerprint)) all += prompt.name + " ";
  return all;
}

TEST(PromptFolder, TheOldestMakeRoomAndReadingCountsAsUse) {
  const TempFolder temp;
  const PromptFolder folder(temp.path(), 300'000);  // for three
  const auto first = folder.write(content(1));
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(folder.write(content(2, "fp_b")));
  ASSERT_TRUE(folder.write(content(3)));
  EXPECT_EQ(names(folder), "3 2 1 ");
  EXPECT_EQ(names(folder, "fp_b"), "2 ");
  EXPECT_TRUE(folder.read(*first));
  EXPECT_EQ(names(folder), "1 3 2 ");
  ASSERT_TRUE(folder.write(content(4)));
  EXPECT_EQ(names(folder), "4 1 3 ") << "another model's prompt was the oldest";
}

TEST(PromptFolder, WhatIsLargerThanAllRoomIsRefusedAndNothingGoesForIt) {
  const TempFolder temp;
  ASSERT_TRUE(PromptFolder(temp.path(), 300'000).write(content(1)));
  const PromptFolder small(temp.path(), 90'000);
  const auto refused = small.write(content(2));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::TooLarge);
  EXPECT_NE(refused.error().message.find("engine.saved_prompts_mib"), std::string::npos);
  EXPECT_EQ(names(small), "1 ");
}

TEST(PromptFolder, APromptIsFoundAndRemovedByItsId) {
  const TempFolder temp;
  const PromptFolder folder(temp.path(), 300'000);
  const auto written = folder.write(content(1));
  ASSERT_TRUE(written);
  EXPECT_EQ(folder.find(written->id)->name, "1");
  EXPECT_FALSE(folder.find("../" + written->id));
  EXPECT_EQ(folder.remove("nobody").error().code, ErrorCode::NotFound);
  EXPECT_TRUE(folder.remove(written->id));
  EXPECT_FALSE(folder.find(written->id));
  EXPECT_EQ(folder.remove(written->id).error().code, ErrorCode::NotFound);
  EXPECT_EQ(folder.read(*written).error().code, ErrorCode::NotFound);
}

TEST(PromptFolder, TheSamePromptIsHeldOnce) {
  const TempFolder temp;
  const PromptFolder folder(temp.path(), 300'000);
  ASSERT_TRUE(folder.write(content(1)));
  ASSERT_TRUE(folder.write(content(1)));
  EXPECT_EQ(names(folder), "1 ");
}

TEST(PromptFolder, DamagedFilesGoWhenTheyAreRead) {
  const TempFolder temp;
  const PromptFolder folder(temp.path(), 300'000);
  const auto written = folder.write(content(1));
  const auto path = testing::files_below(temp.path()).front();
  std::string bytes = testing::read_bytes(path);
  bytes.back() = 'x';
  testing::write_bytes(path, bytes);
  EXPECT_EQ(names(folder), "1 ") << "its head is as it was";
  EXPECT_EQ(folder.read(*written).error().code, ErrorCode::CorruptData);
  EXPECT_FALSE(std::filesystem::exists(path));
  testing::write_bytes(path, "no safetensors");
  EXPECT_EQ(names(folder), "");
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(PromptFolder, AFileMustHoldWhatItsNameSays) {
  const TempFolder temp;
  const PromptFolder folder(temp.path(), 300'000);
  ASSERT_TRUE(folder.write(content(1)));
  const auto path = testing::files_below(temp.path()).front();
  const auto renamed = path.parent_path() / "0123456789abcdef0123456789abcdef.safetensors";
  std::filesystem::rename(path, renamed);
  EXPECT_FALSE(folder.find(renamed.stem()));
  EXPECT_EQ(names(folder), "");
  EXPECT_FALSE(std::filesystem::exists(renamed));
}

TEST(PromptFolder, FilesOfOthersStayAndUnfinishedOnesGoInTheEnd) {
  const TempFolder temp;
  const PromptFolder folder(temp.path(), 300'000);
  testing::write_bytes(temp.path() / "notes.txt", "mine");
  const auto fresh = temp.path() / "a.safetensors.part-1";
  const auto old = temp.path() / "b.safetensors.part-2";
  testing::write_bytes(fresh, "");
  testing::write_bytes(old, "");
  std::filesystem::last_write_time(
      old, std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));
  EXPECT_EQ(names(folder), "");
  EXPECT_TRUE(std::filesystem::exists(temp.path() / "notes.txt"));
  EXPECT_TRUE(std::filesystem::exists(fresh));
  EXPECT_FALSE(std::filesystem::exists(old));
}

TEST(PromptFolder, NowhereIsEmptyAndClosed) {
  const PromptFolder nowhere({}, 1);
  EXPECT_FALSE(nowhere.open());
  EXPECT_FALSE(PromptFolder("/tmp", 0).open());
  EXPECT_TRUE(nowhere.list().empty());
  EXPECT_FALSE(nowhere.find(""));
}

}  // namespace
}  // namespace hearth::engine
