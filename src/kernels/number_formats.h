// Narrow floating-point formats to float32 and back, in plain C++.
#pragma once

#include <bit>
#include <cstdint>

namespace hearth::kernels {

inline float from_bf16(std::uint16_t bits) {
  return std::bit_cast<float>(std::uint32_t{bits} << 16U);
}

/// Rounds to nearest, ties to even; NaN stays NaN.
inline std::uint16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFFU) > 0x7F800000U) return static_cast<std::uint16_t>(bits >> 16U | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U);
}

inline float from_f16(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t{bits & 0x8000U} << 16U;
  const std::uint32_t size = bits & 0x7FFFU;
  constexpr float kFromF16 = 0x1p112F;  // moves the exponent's bias, subnormal numbers included
  if (size >= 0x7C00U) return std::bit_cast<float>(sign | 0x7F800000U | (size & 0x3FFU) << 13U);
  const float value = std::bit_cast<float>(size << 13U) * kFromF16;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | sign);
}

/// Rounds to nearest, ties to even; what is too large becomes infinite, NaN stays NaN.
inline std::uint16_t to_f16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16U & 0x8000U;
  const std::uint32_t size = bits & 0x7FFFFFFFU;
  if (size > 0x7F800000U) return static_cast<std::uint16_t>(sign | 0x7E00U);
  if (size >= 0x477FF000U) return static_cast<std::uint16_t>(sign | 0x7C00U);  // from 65520 on
  if (size < 0x38800000U) {  // subnormal: the unit of 2^-24 is 0.5's last bit, so adding rounds
    const float shifted = std::bit_cast<float>(size) + 0.5F;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3F000000U));
  }
  return static_cast<std::uint16_t>(sign |
                                    ((size - 0x38000000U + 0xFFFU + (size >> 13U & 1U)) >> 13U));
}

/// 2 ^ (bits - 127); 255 is NaN.
inline float from_e8m0(std::uint8_t bits) {
  if (bits == 0xFFU) return std::bit_cast<float>(0x7FC00000U);
  return std::bit_cast<float>(bits == 0 ? 0x00400000U : std::uint32_t{bits} << 23U);
}

/// Sign, 4 bits of exponent (bias 7), 3 of fraction; no infinity, NaN at the largest size.
inline float from_e4m3(std::uint8_t bits) {
  constexpr float kFromE4m3 = 0x1p120F;
  const std::uint32_t sign = std::uint32_t{bits & 0x80U} << 24U;
  const std::uint32_t size = bits & 0x7FU;
  if (size == 0x7FU) return std::bit_cast<float>(sign | 0x7FC00000U);
  const float value = std::bit_cast<float>(size << 20U) * kFromE4m3;
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) | sign);
}

}  // namespace hearth::kernels
