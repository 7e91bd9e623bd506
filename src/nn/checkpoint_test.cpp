// Folders of safetensors files, whole and broken.
#include "nn/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nn/testing/checkpoint_files.h"

namespace hearth::nn {
namespace {

using testing::f32;
using ::testing::HasSubstr;
using testing::safetensors;
using testing::TemporaryFolder;

Error open_error(const TemporaryFolder& folder) {
  auto checkpoint = Checkpoint::open(folder.path());
  EXPECT_FALSE(checkpoint);
  return checkpoint ? Error{} : std::move(checkpoint).error();
}

std::vector<float> values(const Checkpoint& checkpoint, std::string_view name) {
  auto array = checkpoint.read(name);
  EXPECT_TRUE(array) << array.error().message;
  return {array->data<float>(), array->data<float>() + array->size()};
}

TEST(Checkpoint, ReadsASingleFile) {
  const TemporaryFolder folder;
  folder.write("model.safetensors",
               safetensors({f32("a", {2, 2}, {1, 2, 3, 4}), f32("b", {1}, {9})}));
  const auto checkpoint = Checkpoint::open(folder.path());
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  EXPECT_EQ(checkpoint->bytes(), 20U);
  EXPECT_EQ(values(*checkpoint, "a"), (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(values(*checkpoint, "b"), std::vector<float>{9});
  EXPECT_EQ(checkpoint->read("c").error().code, ErrorCode::NotFound);
}

TEST(Checkpoint, ReadsTheShardsOfAnIndex) {
  const TemporaryFolder folder;
  folder.write("one.safetensors", safetensors({f32("a", {1}, {1})}));
  folder.write("two.safetensors", safetensors({f32("b", {1}, {2})}));
  folder.write("model.safetensors.index.json",
               R"({"weight_map":{"a":"one.safetensors","b":"two.safetensors"}})");
  const auto checkpoint = Checkpoint::open(folder.path());
  ASSERT_TRUE(checkpoint) << checkpoint.error().message;
  EXPECT_EQ(values(*checkpoint, "b"), std::vector<float>{2});
}

TEST(Checkpoint, AFolderWithoutSafetensorsSaysSo) {
  const TemporaryFolder folder;
  folder.write("pytorch_model.bin", "x");
  const Error error = open_error(folder);
  EXPECT_EQ(error.code, ErrorCode::NotFound);
  EXPECT_THAT(error.message, HasSubstr("model.safetensors"));
  EXPECT_EQ(Checkpoint::open(folder.path() / "nowhere").error().code, ErrorCode::NotFound);
}

TEST(Checkpoint, AMissingShardIsNamed) {
  const TemporaryFolder folder;
  folder.write("model-00001-of-00003.safetensors", safetensors({f32("a", {1})}));
  folder.write("model-00003-of-00003.safetensors", safetensors({f32("c", {1})}));
  EXPECT_THAT(open_error(folder).message, HasSubstr("missing"));
  folder.write("model.safetensors.index.json",
               R"({"weight_map":{"a":"model-00001-of-00003.safetensors",
                                 "b":"model-00002-of-00003.safetensors"}})");
  const Error error = open_error(folder);
  EXPECT_EQ(error.code, ErrorCode::NotFound);
  EXPECT_THAT(error.message, HasSubstr("model-00002-of-00003.safetensors"));
}

TEST(Checkpoint, AnIndexThatContradictsItsShardsIsRefused) {
  const TemporaryFolder folder;
  folder.write("one.safetensors", safetensors({f32("a", {1})}));
  folder.write("two.safetensors", safetensors({f32("a", {1})}));
  const auto index = [&](const std::string& text) {
    folder.write("model.safetensors.index.json", text);
    const Error error = open_error(folder);
    EXPECT_EQ(error.code, ErrorCode::CorruptData) << error.message;
    return error.message;
  };
  EXPECT_THAT(index(R"({"weight_map":{"b":"one.safetensors"}})"), HasSubstr("tensor \"b\""));
  EXPECT_THAT(index(R"({"weight_map":{"a":"one.safetensors","x":"two.safetensors"}})"),
              HasSubstr("also in"));
  EXPECT_THAT(index(R"({"weight_map":{"a":"../one.safetensors"}})"), HasSubstr("without a path"));
  EXPECT_THAT(index(R"({"weight_map":{"a":"/etc/passwd"}})"), HasSubstr("without a path"));
  EXPECT_THAT(index(R"({"weight_map":{"a":7}})"), HasSubstr("weight_map"));
  EXPECT_THAT(index(R"({"weight_map":[]})"), HasSubstr("weight_map"));
  EXPECT_THAT(index("{"), HasSubstr("index.json"));
}

TEST(Checkpoint, ATruncatedFileIsRefusedAtEveryLength) {
  const TemporaryFolder folder;
  const std::string whole = safetensors({f32("a", {3, 5}), f32("b", {2})});
  for (std::size_t length = 0; length < whole.size(); ++length) {
    folder.write("model.safetensors", whole.substr(0, length));
    const auto checkpoint = Checkpoint::open(folder.path());
    ASSERT_FALSE(checkpoint) << length << " bytes";
    ASSERT_EQ(checkpoint.error().code, ErrorCode::CorruptData);
    ASSERT_THAT(checkpoint.error().message, HasSubstr("model.safetensors"));
  }
}

TEST(Checkpoint, AFileThatIsCutWhileOpenGivesAnErrorNotWrongNumbers) {
  const TemporaryFolder folder;
  folder.write("model.safetensors", safetensors({f32("a", {1000}), f32("b", {1000})}));
  const auto checkpoint = Checkpoint::open(folder.path());
  ASSERT_TRUE(checkpoint);
  const auto path = folder.path() / "model.safetensors";
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 100);
  EXPECT_TRUE(checkpoint->read("a"));
  const auto torn = checkpoint->read("b");
  ASSERT_FALSE(torn);
  EXPECT_EQ(torn.error().code, ErrorCode::CorruptData);
  EXPECT_THAT(torn.error().message, HasSubstr("tensor \"b\": model.safetensors: ends"));
}

TEST(Checkpoint, ADtypeWithoutArraysIsRefusedWhenRead) {
  const TemporaryFolder folder;
  folder.write("model.safetensors", safetensors({{"a", "F8_E5M2", {4}, "abcd"}}));
  const auto checkpoint = Checkpoint::open(folder.path());
  ASSERT_TRUE(checkpoint);
  const Error error = checkpoint->read("a").error();
  EXPECT_EQ(error.code, ErrorCode::UnsupportedArgument);
  EXPECT_THAT(error.message, HasSubstr("F8_E5M2"));
}

TEST(Checkpoint, AFolderInPlaceOfAFileIsNoCrash) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path() / "model.safetensors");
  EXPECT_EQ(open_error(folder).code, ErrorCode::Io);
}

}  // namespace
}  // namespace hearth::nn
