// Blocks of 32 numbers, single numbers, and the way to K blocks.
#include "gguf/dequantise.h"

#include <cassert>
#include <cstdint>
#include <cstring>

#include "gguf/half.h"
#include "gguf/k_blocks.h"

namespace hearth::gguf {

namespace {

/// The lower half of the numbers lies in the lower half of the bytes.
int nibble(const std::uint8_t* codes, int i) {
  return codes[i % 16] >> (i / 16 * 4) & 15;
}

int fifth_bit(const std::uint8_t* bits, int i) {
  return (bits[i / 8] >> (i % 8) & 1) << 4;
}

void read_f32(const std::uint8_t* block, float* out) {
  std::memcpy(out, block, sizeof(float));
}

void read_f16(const std::uint8_t* block, float* out) {
  *out = half_at(block);
}

void read_bf16(const std::uint8_t* block, float* out) {
  *out = bfloat_to_float(word_at(block));
}

void read_q4_0(const std::uint8_t* block, float* out) {
  const float scale = half_at(block);
  for (int i = 0; i < kBlockNumbers; ++i)
    out[i] = scale * static_cast<float>(nibble(block + 2, i) - 8);
}

void read_q4_1(const std::uint8_t* block, float* out) {
  const float scale = half_at(block);
  const float min = half_at(block + 2);
  for (int i = 0; i < kBlockNumbers; ++i)
    out[i] = scale * static_cast<float>(nibble(block + 4, i)) + min;
}

void read_q5_0(const std::uint8_t* block, float* out) {
  const float scale = half_at(block);
  for (int i = 0; i < kBlockNumbers; ++i)
    out[i] = scale * static_cast<float>((nibble(block + 6, i) | fifth_bit(block + 2, i)) - 16);
}

void read_q5_1(const std::uint8_t* block, float* out) {
  const float scale = half_at(block);
  const float min = half_at(block + 2);
  for (int i = 0; i < kBlockNumbers; ++i)
    out[i] = scale * static_cast<float>(nibble(block + 8, i) | fifth_bit(block + 4, i)) + min;
}

void read_q8_0(const std::uint8_t* block, float* out) {
  const float scale = half_at(block);
  for (int i = 0; i < kBlockNumbers; ++i)
    out[i] = scale * static_cast<float>(static_cast<std::int8_t>(block[2 + i]));
}

using ReadBlock = void (*)(const std::uint8_t* block, float* out);

ReadBlock reader_of(TensorType type) {
  switch (type) {
    case TensorType::F32:
      return read_f32;
    case TensorType::F16:
      return read_f16;
    case TensorType::BF16:
      return read_bf16;
    case TensorType::Q4_0:
      return read_q4_0;
    case TensorType::Q4_1:
      return read_q4_1;
    case TensorType::Q5_0:
      return read_q5_0;
    case TensorType::Q5_1:
      return read_q5_1;
    case TensorType::Q8_0:
      return read_q8_0;
    case TensorType::Q2_K:
      return read_q2_k;
    case TensorType::Q3_K:
      return read_q3_k;
    case TensorType::Q4_K:
      return read_q4_k;
    case TensorType::Q5_K:
      return read_q5_k;
    case TensorType::Q6_K:
      return read_q6_k;
  }
  return read_f32;
}

}  // namespace

void dequantise(TensorType type, std::span<const std::byte> blocks, std::span<float> out) {
  const TypeFacts& facts = facts_of(type);
  const std::size_t count = blocks.size() / facts.bytes;
  assert(blocks.size() == count * facts.bytes && out.size() == count * facts.block);
  const auto* from = reinterpret_cast<const std::uint8_t*>(blocks.data());
  float* to = out.data();
  const ReadBlock read = reader_of(type);
  for (std::size_t i = 0; i < count; ++i, from += facts.bytes, to += facts.block) read(from, to);
}

}  // namespace hearth::gguf
