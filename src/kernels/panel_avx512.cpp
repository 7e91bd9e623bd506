// Products with packed weights with AVX-512: VNNI multiplies digits, sixteen outputs at a time.
#include "kernels/panel_avx512.h"

#include "kernels/gate_loop.h"

namespace hearth::kernels {

namespace {

template <int kLow, int kHigh, bool kE2m1>
void unpack_as(const PanelCut& cut, std::uint8_t* codes) {
  const CodeLines lines = code_lines(cut);
  for (int k = 0; k < cut.count; k += kUnpacked) {
    __m512i words[kWords];
    load_codes<kLow, kHigh, kE2m1>(lines, k, words);
#pragma clang loop unroll(full)
    for (int i = 0; i < kWords; ++i)
      _mm512_storeu_si512(codes + std::int64_t{k} * kPanelRows + i * kLineBytes, words[i]);
  }
}

}  // namespace

void unpack_codes_avx512(const PanelCut& cut, std::uint8_t* codes) {
  if (cut.layout->e2m1) return unpack_as<4, 0, true>(cut, codes);
  switch (cut.layout->bits) {
    case 2:
      return unpack_as<2, 0, false>(cut, codes);
    case 3:
      return unpack_as<2, 1, false>(cut, codes);
    case 4:
      return unpack_as<4, 0, false>(cut, codes);
    case 5:
      return unpack_as<4, 1, false>(cut, codes);
    case 6:
      return unpack_as<4, 2, false>(cut, codes);
    default:
      return unpack_as<8, 0, false>(cut, codes);
  }
}

void unpack_scales_avx512(const PanelCut& cut, float* scales, float* biases) {
  const int first = cut.begin / cut.layout->group;
  for (int g = 0; g < cut.count / cut.layout->group; ++g) {
    const ScaledBias w = scales_of(cut, first + g);
    _mm512_storeu_ps(scales + g * kPanelRows, w.scale);
    _mm512_storeu_ps(biases + g * kPanelRows, w.bias);
  }
}

void apply_gate_avx512(Gate kind, float* gate, const float* up, int count) {
  gate_loop(kind, gate, up, count);
}

namespace {

/// A tile of `kRows` rows: its sums of one group stay in registers.
template <int kRows, int kDigits>
void multiply_rows(const Panel& panel, const Tile& x, float* sums) {
  const std::uint8_t* codes = panel.codes;
  const std::int8_t* digits = x.digits + std::int64_t{panel.begin} * kRows * kDigits;
  __m512 total[kRows];
#pragma clang loop unroll(full)
  for (int m = 0; m < kRows; ++m) total[m] = _mm512_loadu_ps(sums + m * kPanelRows);
  for (int group = 0; group < panel.count / panel.group; ++group) {
    __m512i dots[kRows][kDigits];
#pragma clang loop unroll(full)
    for (int m = 0; m < kRows; ++m)
#pragma clang loop unroll(full)
      for (int d = 0; d < kDigits; ++d) dots[m][d] = _mm512_setzero_si512();
    for (int block = 0; block < panel.group / kBlock; ++block) {
#pragma clang loop unroll(full)
      for (int step = 0; step < kBlock / 4; ++step) {
        const __m512i words = _mm512_loadu_si512(codes + step * kLineBytes);
#pragma clang loop unroll(full)
        for (int m = 0; m < kRows; ++m)
#pragma clang loop unroll(full)
          for (int d = 0; d < kDigits; ++d)
            dots[m][d] = _mm512_dpbusd_epi32(
                dots[m][d], words, broadcast_word(digits + (m * kDigits + d) * kBlock + step * 4));
      }
      codes += kBlock * kPanelRows;
      digits += kRows * kDigits * kBlock;
    }
    const float* of_x = x.scales + (panel.begin / panel.group + group) * kRows;
    const float* sum_of_x = x.sums + (panel.begin / panel.group + group) * kRows;
    const __m512 scale = _mm512_loadu_ps(panel.scales + group * kPanelRows);
    const __m512 bias = _mm512_loadu_ps(panel.biases + group * kPanelRows);
#pragma clang loop unroll(full)
    for (int m = 0; m < kRows; ++m)
      total[m] = with_group(total[m], joined(dots[m]), {scale, bias}, {of_x[m], sum_of_x[m]});
  }
#pragma clang loop unroll(full)
  for (int m = 0; m < kRows; ++m) _mm512_storeu_ps(sums + m * kPanelRows, total[m]);
}

template <int kRows>
void multiply_digits(const Panel& panel, const Tile& x, float* sums) {
  if (x.count == 1) return multiply_rows<kRows, 1>(panel, x, sums);
  if (x.count == 2) return multiply_rows<kRows, 2>(panel, x, sums);
  return multiply_rows<kRows, 3>(panel, x, sums);
}

void multiply(const Panel& panel, const Tile& x, float* sums) {
  switch (x.rows) {
    case 1:
      return multiply_digits<1>(panel, x, sums);
    case 2:
      return multiply_digits<2>(panel, x, sums);
    case 3:
      return multiply_digits<3>(panel, x, sums);
    case 4:
      return multiply_digits<4>(panel, x, sums);
    case 5:
      return multiply_digits<5>(panel, x, sums);
    case 6:
      return multiply_digits<6>(panel, x, sums);
    case 7:
      return multiply_digits<7>(panel, x, sums);
    default:
      return multiply_digits<8>(panel, x, sums);
  }
}

/// Writes the digits of sixteen numbers.
[[gnu::always_inline]] inline void write_digits(__m512i numbers, const DigitsTarget& target,
                                                std::int8_t* to) {
  const __m512i half = _mm512_set1_epi32(128);
  for (int d = target.count - 1; d >= 0; --d) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + d * target.block),
                     _mm512_cvtepi32_epi8(numbers));
    numbers = _mm512_srai_epi32(_mm512_add_epi32(numbers, half), 8);
  }
}

/// The bits of the largest size in a group.
inline std::int32_t peak_bits(const float* x, int count) {
  const __m512i size = _mm512_set1_epi32(0x7FFFFFFF);
  __m512i peak = _mm512_setzero_si512();
  for (int i = 0; i < count; i += kLanes)
    peak = _mm512_max_epi32(peak, _mm512_and_si512(_mm512_loadu_si512(x + i), size));
  return _mm512_reduce_max_epi32(peak);
}

}  // namespace

void split_avx512(const float* x, const DigitsTarget& to) {
  const std::int64_t block_bytes = std::int64_t{to.rows} * to.count * to.block;
  const float limit = kDigitLimits[to.count];
  std::int8_t* digits = to.digits;
  for (int g = 0; g < to.width / to.group; ++g) {
    const float* values = x + g * to.group;
    const std::int32_t bits = peak_bits(values, to.group);
    const bool finite = bits < 0x7F800000;
    const float found = __builtin_bit_cast(float, bits);
    const float peak = found > kSmallestPeak ? found : kSmallestPeak;
    const __m512 inverse = _mm512_set1_ps(limit / peak);
    const auto known = static_cast<__mmask16>(finite ? 0xFFFF : 0);
    __m512i sum = _mm512_setzero_si512();
    for (int block = 0; block < to.group; block += to.block, digits += block_bytes)
      for (int i = 0; i < to.block; i += kLanes) {
        const __m512 scaled = _mm512_mul_ps(_mm512_loadu_ps(values + block + i), inverse);
        const __m512i numbers = _mm512_maskz_cvtps_epi32(known, scaled);
        sum = _mm512_add_epi32(sum, numbers);
        write_digits(numbers, to, digits + i);
      }
    const float scale = finite ? peak / limit : __builtin_nanf("");
    to.scales[g * to.rows] = scale;
    to.sums[g * to.rows] = static_cast<float>(_mm512_reduce_add_epi32(sum)) * scale;
  }
}

const PanelPath kPanelAvx512{split_avx512, unpack_codes_avx512, unpack_scales_avx512,
                             multiply,     stream_avx512,       apply_gate_avx512};

}  // namespace hearth::kernels
