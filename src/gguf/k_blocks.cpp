// The layouts of K blocks. Byte positions are those of the file format.
#include "gguf/k_blocks.h"

#include <cstddef>

#include "gguf/half.h"

namespace hearth::gguf {

namespace {

constexpr int kHalf = 128;  // numbers in half a block

struct ScaleAndMin {
  int scale = 0;
  int min = 0;
};

/// Eight pairs of 6 bits in 12 bytes: the first four lie in the low bits of bytes 0-3 and 4-7, the
/// others in bytes 8-11, with their upper two bits on top of the first four.
ScaleAndMin scale_and_min(const std::uint8_t* packed, std::ptrdiff_t index) {
  if (index < 4) return {packed[index] & 63, packed[index + 4] & 63};
  return {(packed[index + 4] & 15) | (packed[index - 4] >> 6) << 4,
          (packed[index + 4] >> 4) | (packed[index] >> 6) << 4};
}

}  // namespace

void read_q2_k(const std::uint8_t* block, float* out) {
  const std::uint8_t* scales = block;      // 16: scale below, minimum above
  const std::uint8_t* codes = block + 16;  // 64
  const float scale = half_at(block + 80);
  const float min = half_at(block + 82);
  for (std::ptrdiff_t group = 0; group < 16; ++group) {  // of 16 numbers
    const int shift = group / 2 % 4 * 2;
    const std::uint8_t* from = codes + group / 8 * 32 + group % 2 * 16;
    const float step = scale * static_cast<float>(scales[group] & 15);
    const float least = min * static_cast<float>(scales[group] >> 4);
    for (int i = 0; i < 16; ++i) *out++ = step * static_cast<float>(from[i] >> shift & 3) - least;
  }
}

void read_q3_k(const std::uint8_t* block, float* out) {
  const std::uint8_t* high = block;         // 32: the third bit, a clear one counts -4
  const std::uint8_t* codes = block + 32;   // 64
  const std::uint8_t* scales = block + 96;  // 12
  const float scale = half_at(block + 108);
  for (std::ptrdiff_t group = 0; group < 16; ++group) {
    const int low = group < 8 ? scales[group] & 15 : scales[group - 8] >> 4;
    const int upper = scales[8 + group % 4] >> (group / 4 * 2) & 3;
    const float step = scale * static_cast<float>((low | upper << 4) - 32);
    const int shift = group / 2 % 4 * 2;
    const int bit = group / 2;
    const std::ptrdiff_t column = group % 2 * 16;
    const std::uint8_t* from = codes + group / 8 * 32 + column;
    for (int i = 0; i < 16; ++i) {
      const int absent = (high[column + i] >> bit & 1) ^ 1;
      *out++ = step * static_cast<float>((from[i] >> shift & 3) - 4 * absent);
    }
  }
}

void read_q4_k(const std::uint8_t* block, float* out) {
  const float scale = half_at(block);
  const float min = half_at(block + 2);
  const std::uint8_t* codes = block + 16;
  for (std::ptrdiff_t group = 0; group < 8; ++group) {  // of 32 numbers
    const auto [factor, least] = scale_and_min(block + 4, group);
    const float step = scale * static_cast<float>(factor);
    const float base = min * static_cast<float>(least);
    const std::uint8_t* from = codes + group / 2 * 32;
    const int shift = group % 2 * 4;
    for (int i = 0; i < 32; ++i) *out++ = step * static_cast<float>(from[i] >> shift & 15) - base;
  }
}

void read_q5_k(const std::uint8_t* block, float* out) {
  const float scale = half_at(block);
  const float min = half_at(block + 2);
  const std::uint8_t* high = block + 16;   // 32: the fifth bit of each group in turn
  const std::uint8_t* codes = block + 48;  // 128
  for (std::ptrdiff_t group = 0; group < 8; ++group) {
    const auto [factor, least] = scale_and_min(block + 4, group);
    const float step = scale * static_cast<float>(factor);
    const float base = min * static_cast<float>(least);
    const std::uint8_t* from = codes + group / 2 * 32;
    const int shift = group % 2 * 4;
    for (int i = 0; i < 32; ++i) {
      const int code = (from[i] >> shift & 15) | (high[i] >> group & 1) << 4;
      *out++ = step * static_cast<float>(code) - base;
    }
  }
}

void read_q6_k(const std::uint8_t* block, float* out) {
  const float scale = half_at(block + 208);
  for (std::ptrdiff_t half = 0; half < 2; ++half) {
    const std::uint8_t* low = block + half * 64;
    const std::uint8_t* high = block + kHalf + half * 32;
    const std::uint8_t* scales = block + 192 + half * 8;
    for (std::ptrdiff_t i = 0; i < kHalf; ++i) {
      const std::ptrdiff_t quarter = i / 32;
      const std::ptrdiff_t column = i % 32;
      const int nibble = low[quarter % 2 * 32 + column] >> (quarter / 2 * 4) & 15;
      const int code = nibble | (high[column] >> (quarter * 2) & 3) << 4;
      const auto factor = static_cast<float>(static_cast<std::int8_t>(scales[i / 16]));
      *out++ = scale * factor * static_cast<float>(code - 32);
    }
  }
}

}  // namespace hearth::gguf
