// Conversions against what mlx-lm made of the same checkpoints, tensor by tensor, and against the
// models that they were made from.
#include "models/testing/golden.h"

#include <gtest/gtest.h>

#include "convert/model_files.h"
#include "convert/testing/conversions.h"

namespace hearth::convert {
namespace {

namespace fs = std::filesystem;
using models::testing::Golden;
using models::testing::TemporaryFolder;

const fs::path kConversions = fs::path(HEARTH_SOURCE_DIR) / "tests/golden/conversion";

Options options_of(const json::object& given) {
  Options options;
  const auto text = [&](const char* key) {
    const json::value* value = given.if_contains(key);
    return value ? std::string(value->as_string()) : std::string();
  };
  const auto number = [&](const char* key) {
    const json::value* value = given.if_contains(key);
    return value ? static_cast<int>(value->as_int64()) : 0;
  };
  options.recipe = text("recipe");
  options.dtype = text("dtype");
  if (given.contains("mode")) options.mode = text("mode");
  if (options.recipe.empty()) options.bits = number("bits");
  options.group = number("group");
  options.dequantize = given.contains("dequantize");
  if (!given.contains("bits") && !options.dequantize) options.bits = 16;
  return options;
}

void expect_like_mlx(const std::string& file) {
  const auto expected = read_json_object(kConversions / file);
  ASSERT_TRUE(expected) << expected.error().message;
  std::string name = file.substr(0, file.size() - std::string(".json").size());
  name.replace(name.find('.'), 1, "/");
  const Golden golden = models::testing::read_golden(name);
  const TemporaryFolder source;
  models::testing::write_checkpoint(source, golden);
  for (const auto& member : *expected) {
    const json::object& set = member.value().as_object();
    SCOPED_TRACE(name + " " + std::string(member.key()));
    const TemporaryFolder place;
    Options options = options_of(set.at("options").as_object());
    options.source = source.path();
    options.target = place.path() / "made";
    const auto done = testing::convert_to(options);
    EXPECT_TRUE(done) << done.error().message;
    if (!done) continue;
    std::map<std::string, std::string> tensors;
    for (const auto& tensor : set.at("tensors").as_object())
      tensors[std::string(tensor.key())] = std::string(tensor.value().as_string());
    auto found = testing::digest(options.target);
    // mlx-lm leaves it out, but the family's own model adds it to the routers' scores.
    if (name.starts_with("ernie4_5_moe/"))
      std::erase_if(found, [](const auto& it) { return it.first.contains("e_score_correction"); });
    EXPECT_EQ(found, tensors);
    const auto config = read_json_object(options.target / "config.json");
    ASSERT_TRUE(config);
    const json::value* quantization = config->if_contains("quantization");
    EXPECT_EQ(quantization ? *quantization : json::value(), set.at("quantization"));
    const auto loaded = models::load_model(options.target);
    EXPECT_TRUE(loaded) << loaded.error().message;
  }
}

std::vector<std::string> conversions() {
  std::vector<std::string> files;
  for (const auto& item : fs::directory_iterator(kConversions))
    files.push_back(item.path().filename().string());
  std::ranges::sort(files);
  return files;
}

class LikeMlx : public ::testing::TestWithParam<std::string> {};
TEST_P(LikeMlx, TensorByTensor) {
  expect_like_mlx(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Conversions, LikeMlx, ::testing::ValuesIn(conversions()),
                         [](const auto& info) { return testing::identifier(info.param); });

/// Of each family the first case that is stored plainly.
std::vector<std::string> plain_cases() {
  std::vector<std::string> cases;
  for (const std::string& name : models::testing::golden_cases()) {
    const bool plain = name.ends_with("/plain") || name.ends_with("/wrapper") ||
                       name.ends_with("/experts") || name.ends_with("/dense") ||
                       name.ends_with("/fp8") || name.ends_with("/mxfp4");
    if (plain && !name.starts_with("falcon_h1/")) cases.push_back(name);
  }
  return cases;
}

class LoadsAgain : public ::testing::TestWithParam<std::string> {};
TEST_P(LoadsAgain, WithTheSameLogits) {
  const Golden golden = models::testing::read_golden(GetParam());
  const TemporaryFolder folder;
  models::testing::write_checkpoint(folder, golden);
  Options options;
  options.source = folder.path();
  options.target = folder.path() / "made";
  options.bits = 16;
  options.dtype = "float32";
  const auto done = testing::convert_to(options);
  ASSERT_TRUE(done) << done.error().message;
  testing::expect_close(testing::logits_of(options.target, golden.ids),
                        testing::logits_of(folder.path(), golden.ids), 1e-4F);
}
INSTANTIATE_TEST_SUITE_P(Families, LoadsAgain, ::testing::ValuesIn(plain_cases()),
                         [](const auto& info) { return testing::identifier(info.param); });

}  // namespace
}  // namespace hearth::convert
