// 16-bit floating-point numbers, whatever the processor knows of them.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace hearth::gguf {

/// The 16 bits that lie there, whatever their alignment.
inline std::uint16_t word_at(const void* bytes) {
  std::uint16_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

/// IEEE half precision, exactly.
inline float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16U;
  const std::uint32_t exponent = half >> 10U & 31U;
  const std::uint32_t fraction = half & 0x3FFU;
  if (exponent == 0) {  // below the smallest normal number: steps of 2^-24
    const float size = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -size : size;
  }
  const std::uint32_t wide = exponent == 31 ? 255U : exponent + (127 - 15);
  return std::bit_cast<float>(sign | wide << 23U | fraction << 13U);
}

inline float half_at(const void* bytes) {
  return half_to_float(word_at(bytes));
}

/// Rounds to the nearest, ties to even; infinite beyond 65504.
inline std::uint16_t float_to_half(float value) {
  constexpr std::uint32_t kTooLarge = 0x47800000U;  // 65536
  constexpr std::uint32_t kNormal = 0x38800000U;    // 2^-14
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16U & 0x8000U;
  const std::uint32_t size = bits & 0x7FFFFFFFU;
  if (size >= kTooLarge)
    return static_cast<std::uint16_t>(sign | (size > 0x7F800000U ? 0x7E00U : 0x7C00U));
  if (size < kNormal) {
    const float steps = std::nearbyint(std::bit_cast<float>(size) * 0x1p24F);
    return static_cast<std::uint16_t>(sign | static_cast<std::uint32_t>(steps));
  }
  std::uint32_t narrow = size - ((127U - 15U) << 23U);
  narrow += 0xFFFU + (narrow >> 13U & 1U);
  return static_cast<std::uint16_t>(sign | narrow >> 13U);
}

/// The upper half of a float32, exactly.
inline float bfloat_to_float(std::uint16_t half) {
  return std::bit_cast<float>(std::uint32_t{half} << 16U);
}

/// Rounds to the nearest, ties to even.
inline std::uint16_t float_to_bfloat(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFFU) > 0x7F800000U)  // no number: it stays none
    return static_cast<std::uint16_t>(bits >> 16U | 64U);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U);
}

}  // namespace hearth::gguf
