// The quantised product in plain C++: the oracle of the other paths.
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/number_formats.h"
#include "kernels/quantised_path.h"

namespace hearth::kernels {

namespace {

/// Where input `k` of its block of 16 stands among the digits.
int place(int k, bool nibbles) {
  if (!nibbles) return k;
  const int eight = k & ~7;
  return eight + (k % 2) * 4 + (k % 8) / 2;
}

/// The bits of the largest size; numbers that are not finite have the largest bits.
std::uint32_t peak_bits(const float* x, int count) {
  std::uint32_t peak = 0;
  for (int i = 0; i < count; ++i) {
    const std::uint32_t size = std::bit_cast<std::uint32_t>(x[i]) & 0x7FFFFFFFU;
    if (size > peak) peak = size;
  }
  return peak;
}

/// Writes the digits of one number. Digits lie between -128 and 127, so each rounds to nearest.
void write_digits(std::int32_t number, int count, std::int8_t* at) {
  for (int digit = count - 1; digit >= 0; --digit) {
    at[digit * kBlock] = static_cast<std::int8_t>(static_cast<std::uint8_t>(number));
    number = (number + 128) >> 8;
  }
}

void split(const float* x, const DigitsTarget& to) {
  constexpr std::uint32_t kInfinity = 0x7F800000U;
  const float limit = kDigitLimits[to.count];
  for (int g = 0; g < to.width / to.group; ++g) {
    const float* values = x + g * to.group;
    const std::uint32_t bits = peak_bits(values, to.group);
    const bool finite = bits < kInfinity;
    const float found = std::bit_cast<float>(bits);
    const float peak = found > kSmallestPeak ? found : kSmallestPeak;
    const float inverse = limit / peak;
    std::int32_t sum = 0;
    for (int i = 0; i < to.group; ++i) {
      const int k = g * to.group + i;
      const auto number =
          finite ? static_cast<std::int32_t>(std::nearbyint(values[i] * inverse)) : 0;
      sum += number;
      write_digits(number, to.count,
                   to.digits + std::int64_t{k / kBlock} * to.rows * to.count * kBlock +
                       place(k % kBlock, to.nibbles));
    }
    const float scale = finite ? peak / limit : std::numeric_limits<float>::quiet_NaN();
    to.scales[g * to.rows] = scale;
    to.sums[g * to.rows] = static_cast<float>(sum) * scale;
  }
}

int clamped(const PackedView& w, int row) {
  return row < w.outputs ? row : w.outputs - 1;
}

/// The code of input `k` in a row. It may cross from one byte into the next.
std::uint8_t code_at(const std::uint8_t* row, int k, int bits) {
  const std::int64_t bit = std::int64_t{k} * bits;
  const std::uint8_t* byte = row + bit / 8;
  const int shift = static_cast<int>(bit % 8);
  unsigned value = *byte;
  if (shift + bits > 8) value |= static_cast<unsigned>(byte[1]) << 8U;
  return static_cast<std::uint8_t>(value >> shift & ((1U << bits) - 1U));
}

void unpack_codes(const PackedView& w, const PanelCut& cut, std::uint8_t* codes) {
  for (int n = 0; n < kPanelRows; ++n) {
    const std::uint8_t* row = w.codes + clamped(w, cut.row + n) * w.code_stride;
    for (int i = 0; i < cut.count; ++i) {
      const std::uint8_t code = code_at(row, cut.begin + i, w.bits);
      const int at = (i & ~(kBlock - 1)) + place(i % kBlock, w.bits == 4);
      codes[(at / 4 * kPanelRows + n) * 4 + at % 4] = w.e2m1 ? kE2m1Codes[code] : code;
    }
  }
}

float scale_at(const void* scales, std::int64_t at, ScaleType type) {
  switch (type) {
    case ScaleType::F32:
      return static_cast<const float*>(scales)[at];
    case ScaleType::BF16:
      return from_bf16(static_cast<const std::uint16_t*>(scales)[at]);
    case ScaleType::F16:
      return from_f16(static_cast<const std::uint16_t*>(scales)[at]);
    case ScaleType::E8M0:
      return from_e8m0(static_cast<const std::uint8_t*>(scales)[at]);
    case ScaleType::E4M3:
      return from_e4m3(static_cast<const std::uint8_t*>(scales)[at]);
  }
  return 0.0F;
}

void unpack_scales(const PackedView& w, const PanelCut& cut, float* scales, float* biases) {
  for (int n = 0; n < kPanelRows; ++n) {
    const int row = clamped(w, cut.row + n);
    const int first = cut.begin / w.group;
    for (int g = 0; g < cut.count / w.group; ++g) {
      const float scale = scale_at(w.scales, row * w.scale_stride + first + g, w.scale_type);
      scales[g * kPanelRows + n] = w.e2m1 ? scale * 0.5F : scale;
      biases[g * kPanelRows + n] =
          w.e2m1 ? scale * -6.0F
                 : scale_at(w.biases, row * w.bias_stride + first + g, w.scale_type);
    }
  }
}

/// A group's sum out of those of its digits.
float joined(const std::int32_t* dots, int count) {
  if (count == 1) return static_cast<float>(dots[0]);
  const auto high = static_cast<float>(dots[0] * 256 + dots[1]);
  return count == 2 ? high : std::fma(high, 256.0F, static_cast<float>(dots[2]));
}

/// One output of one row: the sum over a group, added to `sum`.
float add_group(const Panel& panel, const Tile& x, float sum, const PanelCut& at) {
  const int n = at.row % kPanelRows;
  const int m = at.row / kPanelRows;
  std::int32_t dots[kMostDigits] = {};
  for (int i = 0; i < panel.group; ++i) {
    const int inside = at.begin + i;
    const int k = panel.begin + inside;
    const std::int8_t* digits =
        x.digits + (std::int64_t{k / kBlock} * x.rows + m) * x.count * kBlock + k % kBlock;
    const std::int32_t code = panel.codes[(inside / 4 * kPanelRows + n) * 4 + inside % 4];
    for (int digit = 0; digit < x.count; ++digit) dots[digit] += code * digits[digit * kBlock];
  }
  const int group = at.begin / panel.group;
  const int of_x = (panel.begin / panel.group + group) * x.rows + m;
  const float dot = joined(dots, x.count);
  const float scale = panel.scales[group * kPanelRows + n] * x.scales[of_x];
  return std::fma(panel.biases[group * kPanelRows + n], x.sums[of_x], std::fma(dot, scale, sum));
}

void multiply(const Panel& panel, const Tile& x, float* sums) {
  for (int begin = 0; begin < panel.count; begin += panel.group)
    for (int i = 0; i < x.rows * kPanelRows; ++i)
      sums[i] = add_group(panel, x, sums[i], {.row = i, .begin = begin, .count = panel.group});
}

}  // namespace

const QuantisedPath kQuantisedScalar{split, unpack_codes, unpack_scales, multiply, nullptr};

}  // namespace hearth::kernels
