// Fused adapters against what mlx-lm makes of the same model and adapter.
#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>

#include "convert/model_files.h"
#include "convert/testing/conversions.h"

namespace hearth::convert {
namespace {

namespace fs = std::filesystem;
using models::testing::TemporaryFolder;

const fs::path kFusions = fs::path(HEARTH_SOURCE_DIR) / "tests/golden/fusion";

/// Numbers of a tensor as float32, row by row.
nn::mx::array numbers_of(const fs::path& folder, const std::string& name) {
  const auto checkpoint = nn::Checkpoint::open(folder);
  EXPECT_TRUE(checkpoint) << checkpoint.error().message;
  auto numbers = nn::mx::contiguous(nn::mx::astype(*checkpoint->read(name), nn::mx::float32));
  nn::mx::eval(numbers);
  return numbers;
}

void write_adapter(const TemporaryFolder& folder, const json::object& golden) {
  models::testing::Golden table;
  table.tensors = golden.at("adapter_tensors").as_object();
  folder.write("adapter_config.json", json::serialize(golden.at("adapter")));
  folder.write("adapters.safetensors",
               nn::testing::safetensors(models::testing::hash_tensors(table)));
}

/// Sums of products may differ in their last bit from one processor to another.
void expect_beginnings(const fs::path& folder, const std::string& name, const json::array& rows,
                       const json::array& beginnings, float share) {
  const nn::mx::array found = numbers_of(folder, name);
  ASSERT_EQ(found.ndim(), 2U) << name;
  for (std::size_t i = 0; i < beginnings.size(); ++i) {
    const auto wanted = rows.at(i).to_number<int>();
    const int row = wanted < 0 ? found.shape(0) + wanted : wanted;
    const json::array& expected = beginnings.at(i).as_array();
    for (std::size_t column = 0; column < expected.size(); ++column) {
      const auto number = expected.at(column).to_number<float>();
      const std::size_t at =
          static_cast<std::size_t>(row) * static_cast<std::size_t>(found.shape(1)) + column;
      EXPECT_NEAR(found.data<float>()[at], number, share * std::abs(number))
          << name << " [" << row << ", " << column << "]";
    }
  }
}

/// All tensors have mlx-lm's dtype and shape. Those that the adapter changes begin as mlx-lm's do
/// and have its codes; the others are the same to the last bit.
void expect_like_mlx(const fs::path& folder, const json::object& golden, const json::object& set) {
  const auto found = testing::digest(folder);
  const json::object& expected = set.at("tensors").as_object();
  const json::object& beginnings = set.at("beginnings").as_object();
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& member : expected) {
    const std::string name(member.key());
    const std::string digest(member.value().as_string());
    ASSERT_TRUE(found.contains(name)) << name;
    const std::string& own = found.at(name);
    EXPECT_EQ(own.substr(0, own.find(' ')), digest.substr(0, digest.find(' '))) << name;
    const json::value* changed = beginnings.if_contains(name);
    if (!changed)
      EXPECT_EQ(own, digest) << name;
    else
      expect_beginnings(folder, name, golden.at("rows").as_array(), changed->as_array(),
                        digest.starts_with("BF16") ? 0x1p-8F : 1e-5F);
  }
}

class LikeMlxFuse : public ::testing::TestWithParam<const char*> {};

TEST_P(LikeMlxFuse, TensorByTensor) {
  std::string file = GetParam();
  std::ranges::replace(file, '/', '.');
  const auto golden = read_json_object(kFusions / (file + ".json"));
  ASSERT_TRUE(golden) << golden.error().message;
  const TemporaryFolder source;
  models::testing::write_checkpoint(source, models::testing::read_golden(GetParam()));
  const TemporaryFolder adapter;
  write_adapter(adapter, *golden);
  for (const auto& member : golden->at("sets").as_object()) {
    SCOPED_TRACE(std::string(member.key()));
    const json::object& set = member.value().as_object();
    const json::object& given = set.at("options").as_object();
    const TemporaryFolder place;
    Options options{.source = source.path(), .target = place.path() / "made"};
    options.adapter = adapter.path();
    options.dequantize = given.contains("dequantize");
    if (const json::value* dtype = given.if_contains("dtype"))
      options.dtype = std::string(dtype->as_string());
    const auto done = testing::convert_to(options);
    ASSERT_TRUE(done) << done.error().message;
    expect_like_mlx(options.target, *golden, set);
  }
}

INSTANTIATE_TEST_SUITE_P(Fusions, LikeMlxFuse, ::testing::Values("llama/plain", "llama/affine4"),
                         [](const auto& info) { return testing::identifier(info.param); });

}  // namespace
}  // namespace hearth::convert
