// Products with packed weights in plain C++: the oracle of the other paths.
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/gate_loop.h"
#include "kernels/panel_layout.h"
#include "kernels/panel_path.h"

namespace hearth::kernels {

namespace {

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
void write_digits(std::int32_t number, const DigitsTarget& target, std::int8_t* at) {
  for (int digit = target.count - 1; digit >= 0; --digit) {
    at[digit * target.block] = static_cast<std::int8_t>(static_cast<std::uint8_t>(number));
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
      const std::int64_t block = std::int64_t{k / to.block} * to.rows * to.count * to.block;
      write_digits(number, to, to.digits + block + k % to.block);
    }
    const float scale = finite ? peak / limit : std::numeric_limits<float>::quiet_NaN();
    to.scales[g * to.rows] = scale;
    to.sums[g * to.rows] = static_cast<float>(sum) * scale;
  }
}

/// What a plane of `bits` each holds for input `k` of an output: a word of 32 bits holds 32 / bits
/// inputs, every fourth in the same byte.
unsigned code_in_plane(const std::uint8_t* plane, int bits, int k, int output) {
  const int inputs = 32 / bits;
  const std::int64_t word = std::int64_t{k / inputs} * kPanelRows + output;
  const unsigned byte = plane[word * 4 + k % 4];
  return byte >> (k % inputs / 4 * bits) & ((1U << bits) - 1U);
}

void unpack_codes(const PanelCut& cut, std::uint8_t* codes) {
  const PanelLayout& layout = *cut.layout;
  for (int i = 0; i < cut.count; ++i)
    for (int n = 0; n < kPanelRows; ++n) {
      const int k = cut.begin + i;
      unsigned code = code_in_plane(cut.panel + layout.low_at, layout.low_bits, k, n);
      if (layout.high_bits > 0)
        code |= code_in_plane(cut.panel + layout.high_at, layout.high_bits, k, n)
                << layout.low_bits;
      codes[(i / 4 * kPanelRows + n) * 4 + i % 4] =
          layout.e2m1 ? kE2m1Codes[code] : static_cast<std::uint8_t>(code);
    }
}

void unpack_scales(const PanelCut& cut, float* scales, float* biases) {
  const PanelLayout& layout = *cut.layout;
  const std::int64_t first = std::int64_t{cut.begin} / layout.group * kPanelRows;
  for (int i = 0; i < cut.count / layout.group * kPanelRows; ++i) {
    const float scale = scale_at(cut.panel, first + i, layout.scale_type);
    scales[i] = layout.e2m1 ? scale * 0.5F : scale;
    biases[i] = layout.e2m1 ? scale * -6.0F
                            : scale_at(cut.panel + layout.biases_at, first + i, layout.scale_type);
  }
}

/// One after the other is plain enough.
bool stream(const PanelCut& /*cut*/, const Tile& /*x*/, float* /*sums*/) {
  return false;
}

/// A group's sum out of those of its digits.
float joined(const std::int32_t* dots, int count) {
  if (count == 1) return static_cast<float>(dots[0]);
  const auto high = static_cast<float>(dots[0] * 256 + dots[1]);
  return count == 2 ? high : std::fma(high, 256.0F, static_cast<float>(dots[2]));
}

/// Sum number `index` of a tile, and where one of its groups begins in the panel.
struct GroupOf {
  int index;
  int begin;
};

/// One output of one row: the sum over a group, added to `sum`.
float add_group(const Panel& panel, const Tile& x, float sum, const GroupOf& at) {
  const int n = at.index % kPanelRows;
  const int m = at.index / kPanelRows;
  std::int32_t dots[kMostDigits] = {};
  for (int i = 0; i < panel.group; ++i) {
    const int inside = at.begin + i;
    const int k = panel.begin + inside;
    const std::int8_t* digits =
        x.digits + (std::int64_t{k / x.block} * x.rows + m) * x.count * x.block + k % x.block;
    const std::int32_t code = panel.codes[(inside / 4 * kPanelRows + n) * 4 + inside % 4];
    for (int digit = 0; digit < x.count; ++digit) dots[digit] += code * digits[digit * x.block];
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
      sums[i] = add_group(panel, x, sums[i], {.index = i, .begin = begin});
}

}  // namespace

const PanelPath kPanelScalar{split, unpack_codes, unpack_scales, multiply, stream, gate_loop};

}  // namespace hearth::kernels
