// Conversions against what mlx-lm made of the same checkpoints, tensor by tensor, and against the
// models that they were made from.
#include "models/testing/golden.h"

#include <gtest/gtest.h>

#include "base/sha256.h"
#include "convert/convert.h"
#include "convert/model_files.h"
#include "nn/checkpoint.h"
#include "nn/file.h"

namespace hearth::convert {
namespace {

namespace fs = std::filesystem;
using models::testing::Golden;
using models::testing::TemporaryFolder;

const fs::path kConversions = fs::path(HEARTH_SOURCE_DIR) / "tests/golden/conversion";

/// "BF16[64,2] 0123456789abcdef": what is compared of a tensor.
std::map<std::string, std::string> digest(const fs::path& folder) {
  const auto checkpoint = nn::Checkpoint::open(folder);
  EXPECT_TRUE(checkpoint) << checkpoint.error().message;
  std::map<std::string, std::string> found;
  if (!checkpoint) return found;
  const auto file = nn::File::open(folder / "model.safetensors");
  EXPECT_TRUE(file);
  for (const auto& [name, tensor] : checkpoint->tensors()) {
    std::vector<std::byte> bytes(tensor.entry.bytes);
    EXPECT_TRUE(file->read(tensor.entry.offset, bytes));
    std::string shape;
    for (const int length : tensor.entry.shape)
      shape += fmt::format("{}{}", shape.empty() ? "" : ",", length);
    found[name] = fmt::format("{}[{}] {}", tensor.entry.dtype, shape,
                              base::Sha256().add(bytes).hex().substr(0, 16));
  }
  return found;
}

Result<void> convert_to(const Options& options) {
  auto conversion = Conversion::make(options);
  if (!conversion) return fail(conversion.error());
  return conversion->run([](const Progress&) { return true; });
}

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
    const auto done = convert_to(options);
    EXPECT_TRUE(done) << done.error().message;
    if (!done) continue;
    std::map<std::string, std::string> tensors;
    for (const auto& tensor : set.at("tensors").as_object())
      tensors[std::string(tensor.key())] = std::string(tensor.value().as_string());
    auto found = digest(options.target);
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

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
}

class LikeMlx : public testing::TestWithParam<std::string> {};
TEST_P(LikeMlx, TensorByTensor) {
  expect_like_mlx(GetParam());
}
INSTANTIATE_TEST_SUITE_P(Conversions, LikeMlx, testing::ValuesIn(conversions()), test_name);

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

class LoadsAgain : public testing::TestWithParam<std::string> {};
TEST_P(LoadsAgain, WithTheSameLogits) {
  const Golden golden = models::testing::read_golden(GetParam());
  const TemporaryFolder folder;
  models::testing::write_checkpoint(folder, golden);
  Options options;
  options.source = folder.path();
  options.target = folder.path() / "made";
  options.bits = 16;
  options.dtype = "float32";
  const auto done = convert_to(options);
  ASSERT_TRUE(done) << done.error().message;
  const auto source = models::load_model(folder.path());
  const auto model = models::load_model(options.target);
  ASSERT_TRUE(source) << source.error().message;
  ASSERT_TRUE(model) << model.error().message;
  const auto logits = models::testing::one_pass(**model, golden.ids);
  const auto expected = models::testing::one_pass(**source, golden.ids);
  EXPECT_LE(models::testing::largest_difference(logits, expected),
            1e-4F * models::testing::standard_deviation(expected));
}
INSTANTIATE_TEST_SUITE_P(Families, LoadsAgain, testing::ValuesIn(plain_cases()), test_name);

}  // namespace
}  // namespace hearth::convert
