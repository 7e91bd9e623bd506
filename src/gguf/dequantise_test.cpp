// Blocks against the reference package's numbers, and one by hand.
#include "gguf/dequantise.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

#include "base/json.h"
#include "gguf/half.h"
#include "gguf/quantise.h"

namespace hearth::gguf {
namespace {

const json::object& golden() {
  static const json::object kGolden = [] {
    std::ifstream file(HEARTH_SOURCE_DIR "/tests/golden/gguf/blocks.json");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto parsed = base::parse_json(text);
    EXPECT_TRUE(parsed) << "tests/golden/gguf/blocks.json";
    return parsed ? parsed->as_object() : json::object();
  }();
  return kGolden;
}

std::vector<std::byte> bytes_of(const json::value& hex) {
  const std::string digits(hex.as_string());
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(digits.substr(i, 2), nullptr, 16)));
  return bytes;
}

std::vector<float> floats_of(const json::value& hex) {
  const std::vector<std::byte> bytes = bytes_of(hex);
  std::vector<float> numbers(bytes.size() / sizeof(float));
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}

TEST(Dequantise, GivesTheReferencesNumbersForEveryKind) {
  const json::object& kinds = golden().at("kinds").as_object();
  EXPECT_EQ(kinds.size(), tensor_types().size());
  for (const TypeFacts& facts : tensor_types()) {
    SCOPED_TRACE(facts.name);
    const json::object& kind = kinds.at(facts.name).as_object();
    const std::vector<std::byte> blocks = bytes_of(kind.at("blocks"));
    const std::vector<float> expected = floats_of(kind.at("numbers"));
    ASSERT_EQ(blocks.size() / facts.bytes * facts.block, expected.size());
    std::vector<float> numbers(expected.size());
    dequantise(facts.type, blocks, numbers);
    float largest = 0.0F;
    for (const float number : expected) largest = std::max(largest, std::abs(number));
    // A processor that rounds a product and a sum once differs in the last bit.
    for (std::size_t i = 0; i < numbers.size(); ++i)
      ASSERT_NEAR(numbers[i], expected[i], largest * 2e-7F) << "number " << i;
  }
}

TEST(Dequantise, ABlockByHand) {
  // Scale 2; the numbers' codes count from -16: lower four bits in bytes 6 to 21, the lower half of
  // the numbers in their lower halves, the fifth bits in bytes 2 to 5.
  std::vector<std::byte> block(22);
  block[1] = std::byte{0x40};   // 2.0 is 0x4000
  block[2] = std::byte{0x02};   // the fifth bit of number 1
  block[5] = std::byte{0x80};   // and of number 31
  block[6] = std::byte{0x53};   // number 0 is 3, number 16 is 5
  block[7] = std::byte{0x01};   // number 1 is 1 + 16
  block[21] = std::byte{0xF0};  // number 31 is 15 + 16
  std::vector<float> numbers(32);
  dequantise(TensorType::Q5_0, block, numbers);
  EXPECT_EQ(numbers[0], 2.0F * (3 - 16));
  EXPECT_EQ(numbers[1], 2.0F * (17 - 16));
  EXPECT_EQ(numbers[16], 2.0F * (5 - 16));
  EXPECT_EQ(numbers[31], 2.0F * (31 - 16));
  EXPECT_EQ(numbers[2], 2.0F * -16);
}

TEST(Dequantise, ALargeBlockByHand) {
  // Q6_K: scale 1 (0x3C00) in bytes 208-209; group scales in bytes 192-207.
  std::vector<std::byte> block(210);
  block[209] = std::byte{0x3C};
  block[192] = std::byte{3};     // numbers 0 to 15
  block[207] = std::byte{0xFE};  // numbers 240 to 255: -2
  block[0] = std::byte{0x05};    // number 0: lower bits 5
  block[128] = std::byte{0x02};  // its upper bits 2: 5 + 32
  block[127] = std::byte{0xF0};  // number 255: lower bits 15
  std::vector<float> numbers(256);
  dequantise(TensorType::Q6_K, block, numbers);
  EXPECT_EQ(numbers[0], 3.0F * (37 - 32));
  EXPECT_EQ(numbers[1], 3.0F * -32);
  EXPECT_EQ(numbers[255], -2.0F * (15 - 32));
}

TEST(Quantise, RoundsAsTheReferenceDoes) {
  const json::object& rounded = golden().at("rounded").as_object();
  const std::vector<float> numbers = floats_of(rounded.at("numbers"));
  for (const std::string_view name : {"F16", "BF16", "Q8_0", "Q4_0"}) {
    std::vector<std::byte> blocks;
    quantise(find_type(name)->type, numbers, blocks);
    EXPECT_EQ(blocks, bytes_of(rounded.at(name))) << name;
  }
}

TEST(Half, EveryNumberComesBack) {
  for (std::uint32_t half = 0; half < 0x10000; ++half) {
    const auto bits = static_cast<std::uint16_t>(half);
    const float number = half_to_float(bits);
    const float wide = bfloat_to_float(bits);
    if (!std::isnan(number)) EXPECT_EQ(float_to_half(number), bits);
    if (!std::isnan(wide)) EXPECT_EQ(float_to_bfloat(wide), bits);
  }
  EXPECT_EQ(half_to_float(0x3555), 0.333251953125F);
  EXPECT_EQ(half_to_float(0x0001), 0x1p-24F);
  EXPECT_EQ(float_to_half(65519.0F), 0x7BFF);         // rounds down to 65504
  EXPECT_EQ(float_to_half(65520.0F), 0x7C00);         // rounds up to infinity
  EXPECT_EQ(float_to_half(1.0F + 0x1p-11F), 0x3C00);  // a tie goes to even
  EXPECT_TRUE(std::isnan(half_to_float(float_to_half(NAN))));
}

}  // namespace
}  // namespace hearth::gguf
