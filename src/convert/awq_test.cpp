// AutoAWQ's 4 bits, unpacked: every number worked out here from codes, zero points and scales.
#include <gtest/gtest.h>

#include "base/json.h"
#include "convert/testing/conversions.h"

namespace hearth::convert {
namespace {

using Tensor = models::testing::StoredTensor;
using models::testing::TemporaryFolder;
using nn::testing::bytes_of;

constexpr int kWidth = 64;  // numbers that go into a layer: K
constexpr int kGroup = 32;

/// Which of a word's eight columns lies in its nibbles, lowest bits first.
constexpr std::array kColumns{0, 2, 4, 6, 1, 3, 5, 7};

/// Codes of a layer, without a pattern that a wrong order would leave as it is.
unsigned code(int row, int column) {
  return static_cast<unsigned>(row * 7 + column * 3 + row * column % 5) % 16U;
}
unsigned zero(int group, int column) {
  return static_cast<unsigned>(group * 5 + column) % 16U;
}
/// A power of two or three times one, so that products are exact in half precision.
float scale(int group, int column) {
  return (column % 3 == 0 ? 0.75F : 0.5F) / static_cast<float>(8 << (group + column) % 3);
}

/// [rows, columns / 8] words.
template <class Code>
std::string packed_words(int rows, int columns, Code code_of) {
  std::vector<std::uint32_t> words;
  for (int row = 0; row < rows; ++row)
    for (int first = 0; first < columns; first += 8) {
      std::uint32_t word = 0;
      for (std::size_t nibble = 0; nibble < kColumns.size(); ++nibble)
        word |= code_of(row, first + kColumns[nibble]) << (4 * nibble);
      words.push_back(word);
    }
  return bytes_of(words);
}

std::string halves(const std::vector<float>& numbers) {
  nn::mx::array array(numbers.data(), {static_cast<int>(numbers.size())}, nn::mx::float32);
  array = nn::mx::view(nn::mx::astype(array, nn::mx::float16), nn::mx::uint16);
  nn::mx::eval(array);
  const auto* data = array.data<std::uint16_t>();
  return bytes_of(std::vector<std::uint16_t>(data, data + numbers.size()));
}

/// One layer [columns, kWidth] as AutoAWQ stores it: the other way round.
void add_layer(std::vector<Tensor>& tensors, const std::string& name, int columns) {
  constexpr int kGroups = kWidth / kGroup;
  std::vector<float> scales;
  for (int group = 0; group < kGroups; ++group)
    for (int column = 0; column < columns; ++column) scales.push_back(scale(group, column));
  tensors.push_back(
      {name + ".qweight", "I32", {kWidth, columns / 8}, packed_words(kWidth, columns, code)});
  tensors.push_back(
      {name + ".qzeros", "I32", {kGroups, columns / 8}, packed_words(kGroups, columns, zero)});
  tensors.push_back({name + ".scales", "F16", {kGroups, columns}, halves(scales)});
}

Tensor plain(const std::string& name, std::vector<std::int64_t> shape) {
  std::int64_t count = 1;
  for (const std::int64_t length : shape) count *= length;
  std::vector<float> numbers(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i)
    numbers[static_cast<std::size_t>(i)] = 0.25F * static_cast<float>(i * i % 11 - 3);
  return {name, "F16", std::move(shape), halves(numbers)};
}

constexpr std::string_view kConfig =
    R"({"model_type":"llama","hidden_size":64,"intermediate_size":64,"num_hidden_layers":1,)"
    R"("num_attention_heads":2,"num_key_value_heads":1,"vocab_size":16,"rms_norm_eps":1e-5,)"
    R"("max_position_embeddings":64,"tie_word_embeddings":true,"torch_dtype":"float16",)"
    R"("quantization_config":{"quant_method":"awq","bits":4,"group_size":32,"version":"gemm",)"
    R"("zero_point":true}})";

const std::map<std::string, int> kLayers{{"self_attn.q_proj", 64}, {"self_attn.k_proj", 32},
                                         {"self_attn.v_proj", 32}, {"self_attn.o_proj", 64},
                                         {"mlp.gate_proj", 64},    {"mlp.up_proj", 64},
                                         {"mlp.down_proj", 64}};

void write_model(const TemporaryFolder& folder) {
  std::vector<Tensor> tensors{plain("model.embed_tokens.weight", {16, kWidth}),
                              plain("model.norm.weight", {kWidth})};
  const std::string layer = "model.layers.0.";
  for (const char* norm : {"input_layernorm.weight", "post_attention_layernorm.weight"})
    tensors.push_back(plain(layer + norm, {kWidth}));
  for (const auto& [name, columns] : kLayers) add_layer(tensors, layer + name, columns);
  folder.write("model.safetensors", nn::testing::safetensors(tensors));
  folder.write("config.json", kConfig);
}

TEST(Awq, UnpackedNumbersAreCodesLessZeroPointsTimesScales) {
  const TemporaryFolder folder;
  write_model(folder);
  const auto made = nn::Checkpoint::open(testing::unpacked(folder.path(), folder.path() / "plain"));
  ASSERT_TRUE(made) << made.error().message;
  for (const auto& [layer, columns] : kLayers) {
    const std::string name = "model.layers.0." + layer + ".weight";
    const auto matrix = made->read(name);
    ASSERT_TRUE(matrix) << matrix.error().message;
    ASSERT_EQ(matrix->shape(), (nn::mx::Shape{columns, kWidth}));
    const auto* numbers = matrix->data<float>();
    for (int column = 0; column < columns; ++column)
      for (int row = 0; row < kWidth; ++row) {
        const int group = row / kGroup;
        const auto steps =
            static_cast<float>(code(row, column)) - static_cast<float>(zero(group, column));
        ASSERT_EQ(numbers[column * kWidth + row], steps * scale(group, column))
            << name << " [" << column << ", " << row << "]";
      }
  }
}

TEST(Awq, KeptCodesGiveTheSameLogits) {
  const TemporaryFolder folder;
  write_model(folder);
  Options packed{.source = folder.path(), .target = folder.path() / "packed"};
  packed.bits = 16;  // nothing is packed beyond what is packed already
  packed.dtype = "float32";
  const auto done = testing::convert_to(packed);
  ASSERT_TRUE(done) << done.error().message;
  const std::vector<std::int32_t> ids{1, 5, 2, 9};
  const auto expected =
      testing::logits_of(testing::unpacked(folder.path(), folder.path() / "plain"), ids);
  ASSERT_GT(models::testing::standard_deviation(expected), 0.0F);
  // Unpacked again, since products with packed weights round their other side.
  testing::expect_close(
      testing::logits_of(testing::unpacked(packed.target, folder.path() / "again"), ids), expected,
      1e-4F);
}

}  // namespace
}  // namespace hearth::convert
