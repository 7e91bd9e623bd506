// For tests: random rows of activations, infinity, and comparing numbers by their bits.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace hearth::kernels::testing {

inline constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// [count, width] from a normal distribution.
inline std::vector<float> random_rows(int count, int width, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> number;
  std::vector<float> x(static_cast<std::size_t>(count) * static_cast<std::size_t>(width));
  for (float& value : x) value = number(random);
  return x;
}

/// Equal to the last bit, signs of zero and NaN included.
inline bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  const auto bits = [](float value) { return std::bit_cast<std::uint32_t>(value); };
  return std::ranges::equal(a, b, {}, bits, bits);
}

}  // namespace hearth::kernels::testing
