// Rounds numbers to the kinds that are written.
#include "gguf/quantise.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "gguf/half.h"

namespace hearth::gguf {

namespace {

using Block = std::span<const float>;

void put_word(std::uint16_t word, std::byte* out) {
  std::memcpy(out, &word, sizeof(word));
}

/// The number that is farthest from zero; the first of several.
float farthest(Block numbers) {
  float found = 0.0F;
  for (const float number : numbers)
    if (std::abs(number) > std::abs(found)) found = number;
  return found;
}

/// Codes -127 to 127, half away from zero.
void write_q8_0(Block numbers, std::byte* out) {
  const float scale = std::abs(farthest(numbers)) / 127.0F;
  const float inverse = scale == 0.0F ? 0.0F : 1.0F / scale;
  put_word(float_to_half(scale), out);
  for (std::size_t i = 0; i < kBlockNumbers; ++i) {
    const float code = std::clamp(std::round(numbers[i] * inverse), -127.0F, 127.0F);
    out[2 + i] = static_cast<std::byte>(static_cast<std::int8_t>(code));
  }
}

/// Codes 0 to 15 for -8 to 7; the farthest number becomes -8, whichever its sign.
void write_q4_0(Block numbers, std::byte* out) {
  const float scale = farthest(numbers) / -8.0F;
  const float inverse = scale == 0.0F ? 0.0F : 1.0F / scale;
  put_word(float_to_half(scale), out);
  const auto code = [&](float number) {
    // As one operation with one rounding, which the product is small enough for in double.
    const auto shifted =
        static_cast<float>(static_cast<double>(number) * static_cast<double>(inverse) + 8.5);
    return static_cast<unsigned>(std::clamp(std::trunc(shifted), 0.0F, 15.0F));
  };
  for (std::size_t i = 0; i < kBlockNumbers / 2; ++i)
    out[2 + i] =
        static_cast<std::byte>(code(numbers[i]) | code(numbers[i + kBlockNumbers / 2]) << 4U);
}

}  // namespace

bool can_quantise(TensorType type) {
  constexpr auto kWrittenTypes = std::to_array(
      {TensorType::F32, TensorType::F16, TensorType::BF16, TensorType::Q8_0, TensorType::Q4_0});
  return std::ranges::count(kWrittenTypes, type) > 0;
}

void quantise(TensorType type, std::span<const float> numbers, std::vector<std::byte>& out) {
  const TypeFacts& facts = facts_of(type);
  assert(can_quantise(type) && numbers.size() % facts.block == 0);
  const std::size_t begin = out.size();
  out.resize(begin + numbers.size() / facts.block * facts.bytes);
  std::byte* to = out.data() + begin;
  if (type == TensorType::F32) {
    if (!numbers.empty()) std::memcpy(to, numbers.data(), numbers.size_bytes());
    return;
  }
  for (std::size_t i = 0; i < numbers.size(); i += facts.block, to += facts.bytes) {
    if (type == TensorType::F16) put_word(float_to_half(numbers[i]), to);
    if (type == TensorType::BF16) put_word(float_to_bfloat(numbers[i]), to);
    if (type == TensorType::Q8_0) write_q8_0(numbers.subspan(i, kBlockNumbers), to);
    if (type == TensorType::Q4_0) write_q4_0(numbers.subspan(i, kBlockNumbers), to);
  }
}

}  // namespace hearth::gguf
