// Adapters against checkpoints into which the same additions were merged by hand.
#include "models/adapter.h"

#include <algorithm>
#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <random>

#include "models/testing/golden.h"

namespace hearth::models::testing {
namespace {

using nn::testing::f32;
using nn::testing::safetensors;

constexpr int kRank = 4;
constexpr float kScale = 2.5F;
const std::string kLayer = "model.layers.1.self_attn.q_proj";
const std::string kOther = "model.layers.0.mlp.down_proj";

/// W [N, K] += scale * B [N, r] A [r, K], as numbers.
struct Addition {
  std::int64_t rows = 0;
  std::int64_t width = 0;
  std::vector<float> down;  // A
  std::vector<float> up;    // B

  Addition(std::int64_t n, std::int64_t k, unsigned seed) : rows(n), width(k) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> values(-0.2F, 0.2F);
    for (std::int64_t i = 0; i < kRank * k; ++i) down.push_back(values(random));
    for (std::int64_t i = 0; i < n * kRank; ++i) up.push_back(values(random));
  }
  void merge_into(std::vector<float>& weight) const {
    for (std::int64_t n = 0; n < rows; ++n)
      for (std::int64_t k = 0; k < width; ++k)
        for (std::int64_t r = 0; r < kRank; ++r)
          weight[static_cast<std::size_t>(n * width + k)] +=
              kScale * up[static_cast<std::size_t>(n * kRank + r)] *
              down[static_cast<std::size_t>(r * width + k)];
  }
};

std::vector<float> turned(const std::vector<float>& values, std::int64_t rows) {
  const auto columns = static_cast<std::int64_t>(values.size()) / rows;
  std::vector<float> result;
  for (std::int64_t c = 0; c < columns; ++c)
    for (std::int64_t r = 0; r < rows; ++r)
      result.push_back(values[static_cast<std::size_t>(r * columns + c)]);
  return result;
}

class Adapters : public ::testing::Test {
 protected:
  Adapters() : golden_(read_golden("llama/plain")), tensors_(hash_tensors(golden_)) {
    for (const auto& [layer, seed] : {std::pair(kLayer, 3U), std::pair(kOther, 4U)}) {
      const StoredTensor& tensor = stored(layer + ".weight");
      additions_.emplace(layer, Addition(tensor.shape[0], tensor.shape[1], seed));
    }
    write_checkpoint(folder_, golden_);
    auto loaded = load_model(folder_.path());
    EXPECT_TRUE(loaded) << loaded.error().message;
    model_ = *std::move(loaded);
  }

  StoredTensor& stored(const std::string& name) {
    return *std::ranges::find(tensors_, name, &StoredTensor::name);
  }

  /// The model whose weights hold the additions.
  std::unique_ptr<Model> merged() {
    for (const auto& [layer, addition] : additions_) {
      StoredTensor& tensor = stored(layer + ".weight");
      std::vector<float> weight(tensor.bytes.size() / sizeof(float));
      std::memcpy(weight.data(), tensor.bytes.data(), tensor.bytes.size());
      addition.merge_into(weight);
      tensor.bytes = nn::testing::bytes_of(weight);
    }
    const TemporaryFolder folder;
    folder.write("config.json", file_text(golden_.folder / "config.json"));
    folder.write("model.safetensors", safetensors(tensors_));
    return *load_model(folder.path());
  }

  void write_mlx(const TemporaryFolder& folder) const {
    folder.write("adapter_config.json",
                 R"({"fine_tune_type": "lora", "lora_parameters": {"rank": 4, "scale": 2.5}})");
    std::vector<StoredTensor> tensors;
    for (const auto& [layer, addition] : additions_) {
      tensors.push_back(
          f32(layer + ".lora_a", {addition.width, kRank}, turned(addition.down, kRank)));
      tensors.push_back(
          f32(layer + ".lora_b", {kRank, addition.rows}, turned(addition.up, addition.rows)));
    }
    folder.write("adapters.safetensors", safetensors(tensors));
  }

  void write_peft(const TemporaryFolder& folder, const std::string& config) const {
    folder.write("adapter_config.json", config);
    std::vector<StoredTensor> tensors;
    for (const auto& [layer, addition] : additions_) {
      const std::string path = "base_model.model." + layer;
      tensors.push_back(f32(path + ".lora_A.weight", {kRank, addition.width}, addition.down));
      tensors.push_back(f32(path + ".lora_B.weight", {addition.rows, kRank}, addition.up));
    }
    folder.write("adapter_model.safetensors", safetensors(tensors));
  }

  /// Logits of the golden prompt with these adapters, in a step of its own.
  std::vector<float> logits(std::vector<nn::AdapterUse> adapters) const {
    auto cache = model_->make_cache(1);
    std::vector<Stream> streams{
        {.ids = golden_.ids, .pages = {0}, .adapters = std::move(adapters)}};
    return feed(*model_, *cache, streams, {static_cast<int>(golden_.ids.size())});
  }

  Golden golden_;
  std::vector<StoredTensor> tensors_;
  std::map<std::string, Addition> additions_;
  TemporaryFolder folder_;
  std::unique_ptr<Model> model_;
};

TEST_F(Adapters, BothLayoutsEqualTheMergedModel) {
  const TemporaryFolder mlx;
  const TemporaryFolder peft;
  const TemporaryFolder rooted;
  write_mlx(mlx);
  write_peft(peft, R"({"peft_type": "LORA", "r": 4, "lora_alpha": 10, "bias": "none"})");
  write_peft(rooted, R"({"peft_type": "LORA", "r": 4, "lora_alpha": 5, "use_rslora": true})");
  int number = 0;
  for (const TemporaryFolder* folder : {&mlx, &peft, &rooted}) {
    const auto facts = model_->add_adapter(number++, folder->path());
    ASSERT_TRUE(facts) << facts.error().message;
    EXPECT_EQ(facts->rank, kRank);
    EXPECT_EQ(facts->layers, 2U);
  }
  const auto expected = one_pass(*merged(), golden_.ids);
  const float spread = standard_deviation(expected);
  EXPECT_GT(largest_difference(one_pass(*model_, golden_.ids), expected), 0.1F * spread);
  for (int i = 0; i < number; ++i)
    EXPECT_LE(largest_difference(logits({{i}}), expected), 1e-4F * spread) << "adapter " << i;
}

TEST_F(Adapters, SharesOfTwoThatAddTheSameMakeOne) {
  const TemporaryFolder mlx;
  const TemporaryFolder peft;
  write_mlx(mlx);
  write_peft(peft, R"({"peft_type": "LORA", "r": 4, "lora_alpha": 10, "bias": "none"})");
  ASSERT_TRUE(model_->add_adapter(0, mlx.path()));
  ASSERT_TRUE(model_->add_adapter(1, peft.path()));
  const auto expected = one_pass(*merged(), golden_.ids);
  const auto shared = logits({{.adapter = 0, .scale = 0.25F}, {.adapter = 1, .scale = 0.75F}});
  EXPECT_LE(largest_difference(shared, expected), 1e-4F * standard_deviation(expected));
}

TEST_F(Adapters, SequencesWithDifferentAdaptersShareSteps) {
  const TemporaryFolder mlx;
  write_mlx(mlx);
  ASSERT_TRUE(model_->add_adapter(5, mlx.path()));
  const std::vector<std::vector<nn::AdapterUse>> choices{{}, {{5}}, {{5, 0.5F}}, {{5, -1.0F}}};
  auto cache = model_->make_cache(4);
  std::vector<Stream> streams;
  streams.reserve(choices.size());
  for (std::size_t i = 0; i < 4; ++i)
    streams.push_back(
        {.ids = golden_.ids, .pages = {static_cast<std::int32_t>(i)}, .adapters = choices[i]});
  const int rows = static_cast<int>(golden_.ids.size());
  const auto together = feed(*model_, *cache, streams, {rows, rows, rows, rows});
  for (std::size_t i = 0; i < 4; ++i) {
    const auto alone = logits(choices[i]);
    const auto begin = together.begin() + static_cast<std::ptrdiff_t>(i * alone.size());
    const std::vector own(begin, begin + static_cast<std::ptrdiff_t>(alone.size()));
    EXPECT_LE(largest_difference(own, alone), 1e-4F) << "stream " << i;
  }
}

TEST_F(Adapters, ARemovedAdapterAddsNothing) {
  const TemporaryFolder mlx;
  write_mlx(mlx);
  ASSERT_TRUE(model_->add_adapter(0, mlx.path()));
  model_->remove_adapter(0);
  EXPECT_EQ(logits({{0}}), logits({}));
}

TEST_F(Adapters, WhatIsNoPlainLoraIsRefusedByName) {
  const auto refusal = [&](const std::string& config) {
    const TemporaryFolder folder;
    write_peft(folder, config);
    const auto added = model_->add_adapter(0, folder.path());
    return added ? std::string("accepted") : added.error().message;
  };
  EXPECT_THAT(refusal(R"({"peft_type": "LOHA"})"), ::testing::HasSubstr("peft_type \"LOHA\""));
  EXPECT_THAT(refusal(R"({"peft_type": "LORA", "lora_alpha": 8, "use_dora": true})"),
              ::testing::HasSubstr("use_dora"));
  EXPECT_THAT(refusal(R"({"peft_type": "LORA", "lora_alpha": 8, "modules_to_save": ["lm_head"]})"),
              ::testing::HasSubstr("modules_to_save"));
  EXPECT_THAT(refusal(R"({"fine_tune_type": "dora", "lora_parameters": {}})"),
              ::testing::HasSubstr("fine_tune_type \"dora\""));
}

TEST_F(Adapters, AnAdapterOfAnotherModelIsRefused) {
  additions_.at(kLayer).width = 32;
  additions_.at(kLayer).down.resize(std::size_t{32} * kRank);
  const TemporaryFolder folder;
  write_mlx(folder);
  const auto added = model_->add_adapter(0, folder.path());
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().message, ::testing::HasSubstr("belongs to another model"));
}

}  // namespace
}  // namespace hearth::models::testing
