// Adapters fused into weights: against sums worked out by hand, and against the adapter beside
// them.
#include <cmath>
#include <gtest/gtest.h>
#include <random>

#include "convert/model_files.h"
#include "convert/testing/conversions.h"

namespace hearth::convert {
namespace {

namespace fs = std::filesystem;
using models::testing::Golden;
using models::testing::TemporaryFolder;
using nn::testing::f32;
using nn::testing::safetensors;

constexpr int kRank = 2;
constexpr float kScale = 1.5F;
const std::string kLayer = "model.layers.1.self_attn.q_proj";

std::vector<float> numbers(std::int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> values(-0.3F, 0.3F);
  std::vector<float> found(static_cast<std::size_t>(count));
  for (float& value : found) value = values(random);
  return found;
}

class Fusion : public ::testing::Test {
 protected:
  void write_source(const std::string& name) {
    golden_ = models::testing::read_golden(name);
    models::testing::write_checkpoint(source_, golden_);
    const auto& shape = golden_.tensors.at(kLayer + ".weight").at("shape").as_array();
    rows_ = shape[0].to_number<std::int64_t>();
    width_ = golden_.tensors.contains(kLayer + ".scales") ? 64 : shape[1].to_number<std::int64_t>();
  }

  /// In mlx-lm's layout: lora_a [K, r], lora_b [r, N].
  void write_adapter(const std::string& layer) {
    down_ = numbers(width_ * kRank, 1);
    up_ = numbers(kRank * rows_, 2);
    adapter_.write("adapter_config.json",
                   R"({"fine_tune_type": "lora", "lora_parameters": {"rank": 2, "scale": 1.5}})");
    adapter_.write("adapters.safetensors",
                   safetensors({f32(layer + ".lora_a", {width_, kRank}, down_),
                                f32(layer + ".lora_b", {kRank, rows_}, up_)}));
  }

  Options options() const {
    Options options;
    options.source = source_.path();
    options.target = place_.path() / "made";
    options.adapter = adapter_.path();
    return options;
  }

  std::vector<float> stored(const fs::path& folder, const std::string& tensor) {
    const auto checkpoint = nn::Checkpoint::open(folder);
    EXPECT_TRUE(checkpoint) << checkpoint.error().message;
    const auto array = nn::mx::astype(*checkpoint->read(tensor), nn::mx::float32);
    auto values = array;
    nn::mx::eval(values);
    return {values.data<float>(), values.data<float>() + values.size()};
  }

  float addition(std::int64_t row, std::int64_t column) const {
    float sum = 0;
    for (std::int64_t r = 0; r < kRank; ++r)
      sum += down_[static_cast<std::size_t>(column * kRank + r)] *
             up_[static_cast<std::size_t>(r * rows_ + row)];
    return kScale * sum;
  }

  Golden golden_;
  TemporaryFolder source_, adapter_, place_;
  std::int64_t rows_ = 0;
  std::int64_t width_ = 0;
  std::vector<float> down_, up_;
};

TEST_F(Fusion, AddsTheProductToTheMatrixAndLeavesTheOthers) {
  write_source("llama/plain");
  write_adapter(kLayer);
  const auto done = testing::convert_to(options());
  ASSERT_TRUE(done) << done.error().message;
  const auto before = stored(source_.path(), kLayer + ".weight");
  const auto after = stored(options().target, kLayer + ".weight");
  ASSERT_EQ(after.size(), static_cast<std::size_t>(rows_ * width_));
  for (std::int64_t row = 0; row < rows_; ++row)
    for (std::int64_t column = 0; column < width_; ++column) {
      const auto at = static_cast<std::size_t>(row * width_ + column);
      ASSERT_NEAR(after[at], before[at] + addition(row, column), 1e-6F) << row << " " << column;
    }
  const std::string other = "model.layers.1.self_attn.o_proj.weight";
  EXPECT_EQ(stored(options().target, other), stored(source_.path(), other));
}

TEST_F(Fusion, SaysWhatTheModelSaysWithTheAdapterBesideIt) {
  write_source("llama/plain");
  write_adapter(kLayer);
  ASSERT_TRUE(testing::convert_to(options()));
  auto source = models::load_model(source_.path());
  const auto fused = models::load_model(options().target);
  ASSERT_TRUE(source);
  ASSERT_TRUE(fused) << fused.error().message;
  ASSERT_TRUE((*source)->add_adapter(1, adapter_.path()));
  auto cache = (*source)->make_cache(4);
  std::vector<models::testing::Stream> streams{
      {.ids = golden_.ids, .pages = {0, 1}, .adapters = {{.adapter = 1, .scale = 1}}}};
  const auto expected =
      models::testing::feed(**source, *cache, streams, {static_cast<int>(golden_.ids.size())});
  const auto found = models::testing::one_pass(**fused, golden_.ids);
  EXPECT_LE(models::testing::largest_difference(found, expected),
            1e-4F * models::testing::standard_deviation(expected));
  EXPECT_GT(
      models::testing::largest_difference(
          found, models::testing::one_pass(**models::load_model(source_.path()), golden_.ids)),
      1e-2F * models::testing::standard_deviation(expected));
}

TEST_F(Fusion, APackedLayerIsPackedAgainAsItWas) {
  write_source("llama/affine4");
  write_adapter(kLayer);
  const auto done = testing::convert_to(options());
  ASSERT_TRUE(done) << done.error().message;
  const auto before = read_json_object(source_.path() / "config.json");
  const auto after = read_json_object(options().target / "config.json");
  ASSERT_TRUE(before && after);
  EXPECT_EQ(after->at("quantization"), before->at("quantization"));
  const auto packing = before->at("quantization").as_object();
  const int group = packing.at("group_size").to_number<int>();
  const int bits = packing.at("bits").to_number<int>();
  const auto unpacked = [&](const fs::path& folder) {
    const auto checkpoint = *nn::Checkpoint::open(folder);
    auto values =
        nn::mx::astype(nn::mx::dequantize(*checkpoint.read(kLayer + ".weight"),
                                          *checkpoint.read(kLayer + ".scales"),
                                          *checkpoint.read(kLayer + ".biases"), group, bits),
                       nn::mx::float32);
    nn::mx::eval(values);
    return std::vector<float>(values.data<float>(), values.data<float>() + values.size());
  };
  const auto old = unpacked(source_.path());
  const auto found = unpacked(options().target);
  const auto steps = stored(options().target, kLayer + ".scales");
  ASSERT_EQ(found.size(), static_cast<std::size_t>(rows_ * width_));
  for (std::int64_t row = 0; row < rows_; ++row)
    for (std::int64_t column = 0; column < width_; ++column) {
      const auto at = static_cast<std::size_t>(row * width_ + column);
      const float step = std::abs(steps[at / static_cast<std::size_t>(group)]);
      EXPECT_NEAR(found[at], old[at] + addition(row, column), step) << row << " " << column;
    }
}

TEST_F(Fusion, WhatDoesNotFitIsNamed) {
  write_source("llama/plain");
  write_adapter("model.layers.9.self_attn.q_proj");
  const auto missing = testing::convert_to(options());
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("model.layers.9.self_attn.q_proj"), std::string::npos);
  rows_ += 1;
  write_adapter(kLayer);
  const auto other = testing::convert_to(options());
  ASSERT_FALSE(other);
  EXPECT_NE(other.error().message.find("belongs to another model"), std::string::npos);
  EXPECT_FALSE(fs::exists(options().target));
}

}  // namespace
}  // namespace hearth::convert
