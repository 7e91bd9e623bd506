// Saved prompts come back as they were written, or not at all.
#include "engine/prompts/prompt_file.h"

#include <gtest/gtest.h>
#include <numeric>

#include "base/json.h"
#include "engine/testing/temp_folder.h"

namespace hearth::engine {
namespace {

using testing::read_bytes;
using testing::TempFolder;
using testing::write_bytes;

std::vector<std::byte> some_bytes(std::size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(i * 7);
  return bytes;
}

PromptContent two_pages() {
  PromptContent content{.prompt = {.name = "Grüße \"x\"\n",
                                   .model = "org/model",
                                   .fingerprint = "fp_0123456789ab",
                                   .identity = "hearth 1, cpu",
                                   .salt = "stretched",
                                   .created_s = 1'700'000'000,
                                   .tokens = std::vector<TokenId>(64)},
                        .tensors = {}};
  std::iota(content.prompt.tokens.begin(), content.prompt.tokens.end(), 100U);
  content.tensors = {
      {.name = "layers.0.keys", .dtype = "BF16", .shape = {64, 4}, .bytes = some_bytes(512)},
      {.name = "layers.0.values", .dtype = "F32", .shape = {0, 4}, .bytes = {}},
      {.name = "layers.1.states.0",
       .dtype = "F32",
       .shape = {1, 3},
       .bytes = some_bytes(12),
       .of_pages = false}};
  return content;
}

class PromptFiles : public ::testing::Test {
 protected:
  PromptFiles() {
    const auto size = write_prompt(path_, content_);
    EXPECT_TRUE(size) << size.error().message;
    EXPECT_EQ(*size, std::filesystem::file_size(path_));
  }

  TempFolder folder_;
  std::filesystem::path path_ = folder_.path() / "made" / "prompt.safetensors";
  PromptContent content_ = two_pages();
};

TEST_F(PromptFiles, ComeBackAsTheyWere) {
  const auto back = read_prompt(path_);
  ASSERT_TRUE(back) << back.error().message;
  const SavedPrompt& prompt = back->prompt;
  EXPECT_EQ(back->tensors, content_.tensors);
  EXPECT_EQ(prompt.tokens, content_.prompt.tokens);
  EXPECT_EQ(prompt.name, content_.prompt.name);
  EXPECT_EQ(prompt.model, "org/model");
  EXPECT_EQ(prompt.fingerprint, "fp_0123456789ab");
  EXPECT_EQ(prompt.identity, "hearth 1, cpu");
  EXPECT_EQ(prompt.salt, "stretched");
  EXPECT_EQ(prompt.created_s, 1'700'000'000);
  EXPECT_EQ(prompt.bytes, std::filesystem::file_size(path_));
  EXPECT_EQ(prompt.id, prompt_id(content_.prompt));
  EXPECT_EQ(testing::files_below(folder_.path()).size(), 1U) << "nothing is left beside it";
}

TEST_F(PromptFiles, AreSafetensors) {
  const std::string file = read_bytes(path_);
  std::uint64_t length = 0;
  for (std::size_t i = 8; i > 0; --i)
    length = length << 8 | static_cast<unsigned char>(file[i - 1]);
  const auto header = base::parse_json(std::string_view(file).substr(8, length))->as_object();
  EXPECT_EQ(header.at("tokens").at("dtype"), "U32");
  EXPECT_EQ(header.at("pages.layers.0.keys").at("shape"), json::value({64, 4}));
  EXPECT_EQ(header.at("pages.layers.0.keys").at("data_offsets"), json::value({256, 768}));
  EXPECT_EQ(header.at("state.layers.1.states.0").at("data_offsets"), json::value({768, 780}));
  EXPECT_EQ(file.size(), 8 + length + 780);
}

TEST_F(PromptFiles, TheHeadAloneNamesTheTokens) {
  const auto head = read_prompt_head(path_);
  ASSERT_TRUE(head) << head.error().message;
  EXPECT_EQ(head->tokens, content_.prompt.tokens);
  EXPECT_EQ(head->id, prompt_id(content_.prompt));
}

TEST_F(PromptFiles, OneChangedBitAnywhereIsNoticed) {
  const std::string file = read_bytes(path_);
  for (std::size_t at = 0; at < file.size(); ++at) {
    std::string changed = file;
    changed[at] = static_cast<char>(changed[at] ^ 4);
    write_bytes(path_, changed);
    const auto back = read_prompt(path_);
    ASSERT_FALSE(back) << "byte " << at;
    EXPECT_EQ(back.error().code, ErrorCode::CorruptData);
    EXPECT_TRUE(back.error().message.starts_with("prompt.safetensors: ")) << back.error().message;
  }
}

TEST_F(PromptFiles, AFileThatIsCutOrTooLongIsNoticed) {
  const std::string file = read_bytes(path_);
  for (std::size_t length = 0; length < file.size(); length += 13) {
    write_bytes(path_, file.substr(0, length));
    const auto back = read_prompt(path_);
    ASSERT_FALSE(back) << length;
    EXPECT_EQ(back.error().code, ErrorCode::CorruptData);
  }
  write_bytes(path_, file + "x");
  EXPECT_FALSE(read_prompt(path_));
  std::filesystem::remove(path_);
  EXPECT_EQ(read_prompt(path_).error().code, ErrorCode::NotFound);
}

TEST(PromptIds, TellApartWhateverDecidesTheValues) {
  const SavedPrompt prompt = two_pages().prompt;
  const std::string id = prompt_id(prompt);
  EXPECT_EQ(id.size(), 32U);
  SavedPrompt renamed = prompt;
  renamed.name = "another word for it";
  EXPECT_EQ(prompt_id(renamed), id);
  for (std::string SavedPrompt::* member :
       {&SavedPrompt::fingerprint, &SavedPrompt::identity, &SavedPrompt::salt}) {
    SavedPrompt other = prompt;
    other.*member += "x";
    EXPECT_NE(prompt_id(other), id);
  }
  SavedPrompt longer = prompt;
  longer.tokens.push_back(1);
  EXPECT_NE(prompt_id(longer), id);
}

TEST(PromptFile, AFolderThatCannotBeWrittenIsAnError) {
  const TempFolder folder;
  write_bytes(folder.path() / "file", "");
  const auto written = write_prompt(folder.path() / "file" / "prompt.safetensors", two_pages());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::Io);
}

}  // namespace
}  // namespace hearth::engine
