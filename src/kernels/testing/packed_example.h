// For tests: random packed matrices beside the numbers they stand for, in double precision.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

#include "kernels/panel_layout.h"

namespace hearth::kernels::testing {

/// What a packed matrix looks like.
using Layout = PackedFormat;

/// The bytes of one scale of a type, and the number that they stand for by its definition.
struct StoredNumber {
  std::vector<std::uint8_t> bytes;
  double value = 0.0;
};

/// sign * 2^(exponent - bias) * (1 + fraction), without the 1 where the exponent is 0.
inline double float_value(unsigned bits, int exponent_bits, int fraction_bits) {
  const unsigned fraction = bits & ((1U << fraction_bits) - 1U);
  const int exponent = static_cast<int>(bits >> fraction_bits & ((1U << exponent_bits) - 1U));
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const double part = std::ldexp(static_cast<double>(fraction), -fraction_bits);
  const double size =
      exponent == 0 ? std::ldexp(part, 1 - bias) : std::ldexp(1.0 + part, exponent - bias);
  return (bits >> (exponent_bits + fraction_bits) & 1U) != 0 ? -size : size;
}

template <class Bits>
std::vector<std::uint8_t> bytes_of(Bits bits) {
  std::vector<std::uint8_t> bytes(sizeof bits);
  std::memcpy(bytes.data(), &bits, sizeof bits);
  return bytes;
}

/// A random scale between about 1/100 and 1/10, of either sign where the type has one.
inline StoredNumber random_scale(ScaleType type, std::mt19937& random) {
  const auto pick = [&](unsigned from, unsigned count) { return from + random() % count; };
  const unsigned sign = random() % 2;
  switch (type) {
    case ScaleType::F32: {
      const unsigned bits = sign << 31U | pick(0x3C000000U, 0x01C00000U);
      return {bytes_of(bits), float_value(bits, 8, 23)};
    }
    case ScaleType::BF16: {
      const unsigned bits = sign << 15U | pick(0x3C00U, 0x01C0U);
      return {bytes_of(static_cast<std::uint16_t>(bits)), float_value(bits, 8, 7)};
    }
    case ScaleType::F16: {
      const unsigned bits = sign << 15U | pick(0x2000U, 0x0E00U);
      return {bytes_of(static_cast<std::uint16_t>(bits)), float_value(bits, 5, 10)};
    }
    case ScaleType::E8M0: {
      const unsigned bits = pick(119, 6);
      return {bytes_of(static_cast<std::uint8_t>(bits)),
              std::ldexp(1.0, static_cast<int>(bits) - 127)};
    }
    case ScaleType::E4M3: {
      const unsigned bits = pick(1, 60);
      return {bytes_of(static_cast<std::uint8_t>(bits)), float_value(bits, 4, 3)};
    }
  }
  return {};
}

/// A packed matrix that owns its memory. Rows are longer in memory than they need to be.
struct PackedExample {
  Layout layout;
  int outputs = 0;
  int width = 0;
  std::int64_t code_stride = 0;
  std::int64_t scale_stride = 0;
  std::vector<std::uint8_t> codes;
  std::vector<std::uint8_t> scales;
  std::vector<std::uint8_t> biases;
  std::vector<double> dense;  ///< [N, K]

  PackedView view() const {
    return {.codes = codes.data(),
            .code_stride = code_stride,
            .scales = scales.data(),
            .biases = layout.e2m1() ? nullptr : biases.data(),
            .scale_stride = scale_stride,
            .bias_stride = scale_stride,
            .format = layout,
            .outputs = outputs,
            .width = width};
  }
};

/// Appends a random row, its codes bit by bit.
inline void append_row(PackedExample& w, std::mt19937& random) {
  const Layout& layout = w.layout;
  std::vector<std::uint8_t> row(static_cast<std::size_t>(w.code_stride));
  std::vector<StoredNumber> scales, biases;
  for (int k = 0; k < w.width; ++k) {
    if (k % layout.group == 0) {
      scales.push_back(random_scale(layout.scale_type, random));
      biases.push_back(random_scale(layout.scale_type, random));
    }
    const unsigned code = random() % (1U << layout.bits);
    for (int bit = 0; bit < layout.bits; ++bit) {
      const int at = k * layout.bits + bit;
      row[static_cast<std::size_t>(at / 8)] |=
          static_cast<std::uint8_t>((code >> bit & 1U) << (at % 8));
    }
    w.dense.push_back(layout.e2m1() ? scales.back().value * float_value(code, 2, 1)
                                    : scales.back().value * code + biases.back().value);
  }
  w.codes.insert(w.codes.end(), row.begin(), row.end());
  for (std::size_t g = 0; g < static_cast<std::size_t>(w.scale_stride); ++g) {
    const std::size_t from = g < scales.size() ? g : 0;
    w.scales.insert(w.scales.end(), scales[from].bytes.begin(), scales[from].bytes.end());
    w.biases.insert(w.biases.end(), biases[from].bytes.begin(), biases[from].bytes.end());
  }
}

inline PackedExample packed_example(const Layout& layout, int outputs, int width, unsigned seed) {
  PackedExample w{.layout = layout, .outputs = outputs, .width = width};
  w.code_stride = width * layout.bits / 8 + static_cast<int>(seed % 3) * 4;
  w.scale_stride = width / layout.group + static_cast<int>(seed % 2);
  std::mt19937 random(seed);
  for (int n = 0; n < outputs; ++n) append_row(w, random);
  return w;
}

}  // namespace hearth::kernels::testing
