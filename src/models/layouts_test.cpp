// Checkpoints that were converted for MLX against the same ones as Hugging Face has them.
#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>

#include "models/testing/golden.h"

namespace hearth::models::testing {
namespace {

using nn::testing::bytes_of;
using nn::testing::safetensors;

std::vector<float> numbers(const StoredTensor& tensor) {
  std::vector<float> values(tensor.bytes.size() / sizeof(float));
  std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
  return values;
}

/// [C, 1, N] → [C, N, 1]: the same numbers in the same order.
void turn_convolution(StoredTensor& tensor) {
  if (tensor.name.ends_with("conv1d.weight") || tensor.name.ends_with("conv.conv.weight"))
    std::swap(tensor.shape[1], tensor.shape[2]);
}

/// Norms as mlx-lm stores those of Qwen: with the 1 that Hugging Face leaves out.
void add_one(StoredTensor& tensor) {
  if (!tensor.name.ends_with("norm.weight") || tensor.name.ends_with("linear_attn.norm.weight"))
    return;
  std::vector<float> values = numbers(tensor);
  for (float& value : values) value += 1.0F;
  tensor.bytes = bytes_of(values);
}

std::vector<float> logits_of(const Golden& golden, const std::vector<StoredTensor>& tensors) {
  const TemporaryFolder folder;
  folder.write("config.json", file_text(golden.folder / "config.json"));
  folder.write("model.safetensors", safetensors(tensors));
  const auto model = load_model(folder.path());
  EXPECT_TRUE(model) << model.error().message;
  return model ? one_pass(**model, golden.ids) : std::vector<float>{};
}

void expect_golden(const Golden& golden, const std::vector<StoredTensor>& tensors) {
  EXPECT_LE(largest_difference(logits_of(golden, tensors), golden.logits),
            1e-4F * standard_deviation(golden.logits));
}

TEST(Layouts, ConvolutionsLieEitherWay) {
  for (const char* name : {"lfm2/plain", "granitemoehybrid/experts"}) {
    const Golden golden = read_golden(name);
    auto tensors = hash_tensors(golden);
    for (StoredTensor& tensor : tensors) turn_convolution(tensor);
    expect_golden(golden, tensors);
  }
}

TEST(Layouts, QwensNormsHaveTheirOneWhereConvolutionsAreTurned) {
  for (const char* name : {"qwen3_5_text/plain", "qwen3_next/plain"}) {
    const Golden golden = read_golden(name);
    auto tensors = hash_tensors(golden);
    for (StoredTensor& tensor : tensors) {
      turn_convolution(tensor);
      add_one(tensor);
    }
    expect_golden(golden, tensors);
  }
}

TEST(Layouts, WhatPredictsSeveralTokensIsLeftOut) {
  const Golden golden = read_golden("qwen3_next/plain");
  auto tensors = hash_tensors(golden);
  tensors.push_back({.name = "mtp.fc.weight",
                     .dtype = "F32",
                     .shape = {1, 2},
                     .bytes = bytes_of(std::vector<float>{1.0F, 2.0F})});
  expect_golden(golden, tensors);
}

/// kv_b_proj [H * (plain + value), R] as mlx-lm keeps it: embed_q [H, R, plain] and
/// unembed_out [H, value, R].
void split_expansion(std::vector<StoredTensor>& tensors, int heads, int plain, int value) {
  std::vector<StoredTensor> made;
  for (StoredTensor& tensor : tensors) {
    const std::size_t at = tensor.name.find("kv_b_proj.weight");
    if (at == std::string::npos) {
      made.push_back(std::move(tensor));
      continue;
    }
    const std::vector<float> all = numbers(tensor);
    const int rank = static_cast<int>(tensor.shape[1]);
    std::vector<float> keys;
    std::vector<float> values;
    const auto entry = [&](int head, int row, int column) {
      return all[static_cast<std::size_t>((std::int64_t{head} * (plain + value) + row) * rank +
                                          column)];
    };
    for (int head = 0; head < heads; ++head) {
      for (int column = 0; column < rank; ++column)
        for (int row = 0; row < plain; ++row) keys.push_back(entry(head, row, column));
      for (int row = plain; row < plain + value; ++row)
        for (int column = 0; column < rank; ++column) values.push_back(entry(head, row, column));
    }
    const std::string place = tensor.name.substr(0, at);
    made.push_back({place + "embed_q.weight", "F32", {heads, rank, plain}, bytes_of(keys)});
    made.push_back({place + "unembed_out.weight", "F32", {heads, value, rank}, bytes_of(values)});
  }
  tensors = std::move(made);
}

TEST(Layouts, LatentsExpandByOneMatrixOrByTwoPerHead) {
  const Golden golden = read_golden("deepseek_v3/plain");
  auto tensors = hash_tensors(golden);
  split_expansion(tensors, /*heads=*/4, /*plain=*/16, /*value=*/24);
  expect_golden(golden, tensors);
}

}  // namespace
}  // namespace hearth::models::testing
