// Whole files: one that the reference package wrote, and models in parts.
#include "gguf/model_file.h"

#include <gtest/gtest.h>
#include <numeric>

#include "base/testing/temp_folder.h"
#include "gguf/testing/files.h"

namespace hearth::gguf {
namespace {

namespace fs = std::filesystem;
using base::testing::TempFolder;
using testing::file_bytes;
using testing::stored;

std::vector<float> rows(const ModelFile& model, std::string_view name) {
  const TensorInfo& tensor = model.tensors().find(name)->second;
  std::vector<float> numbers(static_cast<std::size_t>(tensor.rows() * tensor.width()));
  const auto done = model.read_rows(tensor, 0, tensor.rows(), numbers);
  EXPECT_TRUE(done) << done.error().message;
  return numbers;
}

TEST(GgufModelFile, ReadsWhatTheReferenceWrote) {
  const auto model = ModelFile::open(fs::path(HEARTH_SOURCE_DIR) / "tests/golden/gguf/small.gguf");
  ASSERT_TRUE(model) << model.error().message;
  const Metadata& metadata = model->metadata();
  EXPECT_EQ(*metadata.at("general.architecture").string(), "test");
  EXPECT_EQ(metadata.at("test.u8").whole(), 200);
  EXPECT_EQ(metadata.at("test.i8").whole(), -100);
  EXPECT_EQ(metadata.at("test.u16").whole(), 60'000);
  EXPECT_EQ(metadata.at("test.i16").whole(), -30'000);
  EXPECT_EQ(metadata.at("test.u32").whole(), 4'000'000'000);
  EXPECT_EQ(metadata.at("test.i32").whole(), -2'000'000'000);
  EXPECT_EQ(std::get<std::uint64_t>(metadata.at("test.u64").content), 9'223'372'036'854'775'813U);
  EXPECT_EQ(metadata.at("test.i64").whole(), -4'611'686'018'427'387'904);
  EXPECT_EQ(metadata.at("test.f32").number(), 0.5);
  EXPECT_EQ(metadata.at("test.f64").number(), 0.1);
  EXPECT_EQ(metadata.at("test.true").truth(), true);
  EXPECT_EQ(*metadata.at("test.text").string(), "grüß dich");
  EXPECT_EQ(metadata.at("test.numbers").list()->items[1].whole(), -1);
  EXPECT_EQ(*metadata.at("test.texts").list()->items[2].string(), "▁b");
  EXPECT_EQ(metadata.at("test.nested").list()->items[0].list()->items[1].whole(), 2);

  EXPECT_EQ(model->tensors().at("matrix").shape, (std::vector<std::int32_t>{2, 3}));
  EXPECT_EQ(rows(*model, "matrix"), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(rows(*model, "half"), (std::vector<float>{0, 0.25, 0.5, 0.75}));
  std::vector<float> wide(128);
  for (std::size_t i = 0; i < wide.size(); ++i) wide[i] = (static_cast<float>(i) - 64) / 8;
  EXPECT_EQ(rows(*model, "wide.bf16"), wide);
  const std::vector<float> eighth = rows(*model, "wide.q8");
  for (std::size_t i = 0; i < wide.size(); ++i)
    EXPECT_NEAR(eighth[i], wide[i], 8.0 / 127 / 2 * 1.01);
}

TEST(GgufModelFile, ReadsSomeRowsOnly) {
  const TempFolder folder;
  std::vector<float> numbers(std::size_t{5} * 32);
  std::iota(numbers.begin(), numbers.end(), 0.0F);
  const auto path =
      folder.write("m.gguf", file_bytes({}, {stored("t", TensorType::F16, {5, 32}, numbers)}));
  const auto model = ModelFile::open(path);
  ASSERT_TRUE(model) << model.error().message;
  std::vector<float> found(64);
  ASSERT_TRUE(model->read_rows(model->tensors().at("t"), 2, 2, found));
  EXPECT_EQ(found, std::vector<float>(numbers.begin() + 64, numbers.begin() + 128));
}

std::string part(int number, int parts) {
  Metadata metadata;
  metadata["split.count"] = {.type = ValueType::U16, .content = static_cast<std::uint64_t>(parts)};
  metadata["general.name"] = Value::text(fmt::format("part {}", number));
  const auto numbers = std::vector<float>{static_cast<float>(number)};
  return file_bytes(metadata, {stored(fmt::format("t{}", number), TensorType::F32, {1}, numbers)});
}

TEST(GgufModelFile, PutsPartsTogether) {
  const TempFolder folder;
  folder.write("m-00001-of-00002.gguf", part(1, 2));
  const auto second = folder.write("m-00002-of-00002.gguf", part(2, 2));
  const auto model = ModelFile::open(second);
  ASSERT_TRUE(model) << model.error().message;
  EXPECT_EQ(*model->metadata().at("general.name").string(), "part 1");
  EXPECT_EQ(model->paths().size(), 2U);
  EXPECT_EQ(rows(*model, "t1"), std::vector<float>{1});
  EXPECT_EQ(rows(*model, "t2"), std::vector<float>{2});
}

TEST(GgufModelFile, NamesTheFileThatIsMissingOrWrong) {
  const TempFolder folder;
  const auto lonely = folder.write("m-00001-of-00003.gguf", part(1, 3));
  const auto missing = ModelFile::open(lonely);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "m-00002-of-00003.gguf: there is no such file");
  const auto renamed = ModelFile::open(folder.write("other.gguf", part(1, 3)));
  ASSERT_FALSE(renamed);
  EXPECT_NE(renamed.error().message.find("other.gguf: is one of 3 parts"), std::string::npos);
  const auto text = ModelFile::open(folder.write("text.gguf", std::string(50, 'x')));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().message, "text.gguf: does not begin with \"GGUF\" and is no GGUF file");
}

}  // namespace
}  // namespace hearth::gguf
