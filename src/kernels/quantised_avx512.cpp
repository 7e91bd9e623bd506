// The quantised product with AVX-512: VBMI unpacks codes of any width, VNNI multiplies digits.
#include "kernels/quantised_avx512.h"

namespace hearth::kernels {

namespace {

/// Where the bits of the cut's rows begin.
struct RowLines {
  const std::uint8_t* begin[kPanelRows];
  std::int64_t panel_bytes;  ///< from a row to the one with its lane in the next panel
};

inline RowLines rows_of(const PackedView& w, const PanelCut& cut) {
  RowLines rows;
  for (int n = 0; n < kPanelRows; ++n) {
    const int row = cut.row + n < w.outputs ? cut.row + n : w.outputs - 1;
    rows.begin[n] = w.codes + row * w.code_stride + std::int64_t{cut.begin} * w.bits / 8;
  }
  rows.panel_bytes = w.code_stride * kPanelRows;
  return rows;
}

/// A line of each row, and the same lines of the next panel asked for.
[[gnu::always_inline]] inline void load_lines(const RowLines& rows, int at, __mmask64 wanted,
                                              __m512i (&r)[kLanes]) {
#pragma clang loop unroll(full)
  for (int n = 0; n < kPanelRows; ++n) {
    const std::uint8_t* line = rows.begin[n] + at;
    r[n] = _mm512_maskz_loadu_epi8(wanted, line);
    _mm_prefetch(reinterpret_cast<const char*>(line + rows.panel_bytes), _MM_HINT_T1);
  }
}

/// 128 inputs at a time: rows are turned into lanes first, then each word gives two steps.
template <bool kE2m1>
void unpack_nibbles(const PackedView& w, const PanelCut& cut, std::uint8_t* codes) {
  const RowLines rows = rows_of(w, cut);
  const __m512i low = _mm512_set1_epi8(0x0F);
  const __m512i e2m1 =
      _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(kE2m1Codes)));
  const int bytes = cut.count / 2;
  for (int at = 0; at < bytes; at += kLineBytes) {
    __m512i r[kLanes];
    load_lines(rows, at, first_bytes(bytes - at), r);
    transpose(r);
    std::uint8_t* to = codes + std::int64_t{at} * 2 * kPanelRows;
#pragma clang loop unroll(full)
    for (int i = 0; i < kLanes; ++i) {
      __m512i even = _mm512_and_si512(r[i], low);
      __m512i odd = _mm512_and_si512(_mm512_srli_epi16(r[i], 4), low);
      if (kE2m1) {
        even = _mm512_shuffle_epi8(e2m1, even);
        odd = _mm512_shuffle_epi8(e2m1, odd);
      }
      _mm512_storeu_si512(to + 2 * i * kLineBytes, even);
      _mm512_storeu_si512(to + (2 * i + 1) * kLineBytes, odd);
    }
  }
}

/// How 64 codes that lie bit by bit become bytes: the bytes of each eight codes move into a word
/// of 64 bits, from which eight shifts take them.
struct BitSpread {
  __m512i bytes;
  __m512i shifts;
  __m512i mask;
};

inline BitSpread bit_spread(int bits) {
  alignas(kLineBytes) std::uint8_t bytes[kLineBytes];
  alignas(kLineBytes) std::uint8_t shifts[kLineBytes];
  for (int i = 0; i < kLineBytes; ++i) {
    bytes[i] = static_cast<std::uint8_t>(i / 8 * bits + i % 8);
    shifts[i] = static_cast<std::uint8_t>(i % 8 * bits);
  }
  return {_mm512_load_si512(bytes), _mm512_load_si512(shifts),
          _mm512_set1_epi8(static_cast<char>((1 << bits) - 1))};
}

/// 64 inputs at a time, of any width: codes become bytes first, then rows are turned into lanes.
void unpack_bits(const PackedView& w, const PanelCut& cut, std::uint8_t* codes) {
  const RowLines rows = rows_of(w, cut);
  const BitSpread spread = bit_spread(w.bits);
  for (int k = 0; k < cut.count; k += kLineBytes) {
    const int left = cut.count - k < kLineBytes ? cut.count - k : kLineBytes;
    __m512i r[kLanes];
    load_lines(rows, k * w.bits / 8, first_bytes(left * w.bits / 8), r);
    if (w.bits != 8) {
#pragma clang loop unroll(full)
      for (int n = 0; n < kLanes; ++n) {
        const __m512i words = _mm512_permutexvar_epi8(spread.bytes, r[n]);
        r[n] = _mm512_and_si512(_mm512_multishift_epi64_epi8(spread.shifts, words), spread.mask);
      }
    }
    transpose(r);
    std::uint8_t* to = codes + std::int64_t{k} * kPanelRows;
#pragma clang loop unroll(full)
    for (int i = 0; i < kLanes; ++i) _mm512_storeu_si512(to + i * kLineBytes, r[i]);
  }
}

void unpack_codes(const PackedView& w, const PanelCut& cut, std::uint8_t* codes) {
  if (w.e2m1)
    unpack_nibbles<true>(w, cut, codes);
  else if (w.bits == 4)
    unpack_nibbles<false>(w, cut, codes);
  else
    unpack_bits(w, cut, codes);
}

[[gnu::always_inline]] inline __m512i from_e8m0(__m512i bits) {
  __m512i value = _mm512_slli_epi32(bits, 23);
  const __mmask16 zero = _mm512_testn_epi32_mask(bits, bits);
  value = _mm512_mask_mov_epi32(value, zero, _mm512_set1_epi32(0x00400000));
  const __mmask16 nan = _mm512_cmpeq_epi32_mask(bits, _mm512_set1_epi32(0xFF));
  return _mm512_mask_mov_epi32(value, nan, _mm512_set1_epi32(0x7FC00000));
}

[[gnu::always_inline]] inline __m512i from_e4m3(__m512i bits) {
  const __m512i size = _mm512_and_si512(bits, _mm512_set1_epi32(0x7F));
  const __m512i sign = _mm512_slli_epi32(_mm512_sub_epi32(bits, size), 24);
  const __m512 value =
      _mm512_mul_ps(_mm512_castsi512_ps(_mm512_slli_epi32(size, 20)), _mm512_set1_ps(0x1p120F));
  const __mmask16 nan = _mm512_cmpeq_epi32_mask(size, _mm512_set1_epi32(0x7F));
  const __m512i known =
      _mm512_mask_mov_epi32(_mm512_castps_si512(value), nan, _mm512_set1_epi32(0x7FC00000));
  return _mm512_or_si512(known, sign);
}

/// Sixteen scales from element `at` on, those of `wanted`, as the bits of float32.
[[gnu::always_inline]] inline __m512i load_scales(const void* scales, std::int64_t at,
                                                  ScaleType type, __mmask16 wanted) {
  const auto* words = static_cast<const std::uint16_t*>(scales) + at;
  const auto* bytes = static_cast<const std::uint8_t*>(scales) + at;
  switch (type) {
    case ScaleType::F32:
      return _mm512_maskz_loadu_epi32(wanted, static_cast<const float*>(scales) + at);
    case ScaleType::BF16:
      return _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(wanted, words)), 16);
    case ScaleType::F16:
      return _mm512_castps_si512(_mm512_cvtph_ps(_mm256_maskz_loadu_epi16(wanted, words)));
    case ScaleType::E8M0:
      return from_e8m0(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(wanted, bytes)));
    case ScaleType::E4M3:
      return from_e4m3(_mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(wanted, bytes)));
  }
  return _mm512_setzero_si512();
}

/// Scales or biases as they lie in memory.
struct Plane {
  const void* data;
  std::int64_t stride;
};

/// Up to sixteen groups of each row of the cut, from `first` on, one register a group.
[[gnu::always_inline]] inline void load_groups(const PackedView& w, const PanelCut& cut, int first,
                                               const Plane& plane, __m512i (&r)[kLanes]) {
  const int groups = cut.count / w.group - first;
  const auto wanted = static_cast<__mmask16>(groups >= kLanes ? 0xFFFF : (1 << groups) - 1);
  for (int n = 0; n < kPanelRows; ++n) {
    const int row = cut.row + n < w.outputs ? cut.row + n : w.outputs - 1;
    const std::int64_t at = row * plane.stride + cut.begin / w.group + first;
    r[n] = load_scales(plane.data, at, w.scale_type, wanted);
  }
  transpose(r);
}

/// bfloat16 by the pair: 32 groups are turned at once, then each word gives two.
void unpack_pairs(const PackedView& w, const PanelCut& cut, const Plane& plane, float* to) {
  const int groups = cut.count / w.group;
  const __m512i high = _mm512_set1_epi32(static_cast<int>(0xFFFF0000U));
  for (int first = 0; first < groups; first += 2 * kLanes) {
    const auto wanted = static_cast<__mmask32>(first_bytes(groups - first));
    __m512i r[kLanes];
    for (int n = 0; n < kPanelRows; ++n) {
      const int row = cut.row + n < w.outputs ? cut.row + n : w.outputs - 1;
      const auto* at = static_cast<const std::uint16_t*>(plane.data) + row * plane.stride +
                       cut.begin / w.group + first;
      r[n] = _mm512_maskz_loadu_epi16(wanted, at);
      _mm_prefetch(reinterpret_cast<const char*>(at + plane.stride * kPanelRows), _MM_HINT_T0);
    }
    transpose(r);
#pragma clang loop unroll(full)
    for (int i = 0; i < kLanes; ++i) {
      float* pair = to + (first + 2 * i) * kLanes;
      _mm512_storeu_si512(pair, _mm512_slli_epi32(r[i], 16));
      _mm512_storeu_si512(pair + kLanes, _mm512_and_si512(r[i], high));
    }
  }
}

void unpack_scales(const PackedView& w, const PanelCut& cut, float* scales, float* biases) {
  if (w.scale_type == ScaleType::BF16) {
    unpack_pairs(w, cut, {w.scales, w.scale_stride}, scales);
    unpack_pairs(w, cut, {w.biases, w.bias_stride}, biases);
    return;
  }
  for (int first = 0; first < cut.count / w.group; first += kLanes) {
    float* to_scales = scales + first * kLanes;
    float* to_biases = biases + first * kLanes;
    __m512i r[kLanes];
    load_groups(w, cut, first, {w.scales, w.scale_stride}, r);
    for (int g = 0; g < kLanes; ++g) {
      const __m512 scale = _mm512_castsi512_ps(r[g]);
      const __m512 shown = w.e2m1 ? _mm512_mul_ps(scale, _mm512_set1_ps(0.5F)) : scale;
      _mm512_storeu_ps(to_scales + g * kLanes, shown);
      if (w.e2m1)
        _mm512_storeu_ps(to_biases + g * kLanes, _mm512_mul_ps(scale, _mm512_set1_ps(-6.0F)));
    }
    if (w.e2m1) continue;
    load_groups(w, cut, first, {w.biases, w.bias_stride}, r);
    for (int g = 0; g < kLanes; ++g) _mm512_storeu_si512(to_biases + g * kLanes, r[g]);
  }
}

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

/// The order in which 4-bit codes are unpacked: even inputs of each eight, then odd ones.
[[gnu::always_inline]] inline __m128i nibble_order() {
  return _mm_setr_epi8(0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15);
}

/// Writes the digits of sixteen numbers.
[[gnu::always_inline]] inline void write_digits(__m512i numbers, const DigitsTarget& target,
                                                std::int8_t* to) {
  const __m512i half = _mm512_set1_epi32(128);
  for (int d = target.count - 1; d >= 0; --d) {
    __m128i digits = _mm512_cvtepi32_epi8(numbers);
    if (target.nibbles) digits = _mm_shuffle_epi8(digits, nibble_order());
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + d * kBlock), digits);
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

void split(const float* x, const DigitsTarget& to) {
  const std::int64_t block_bytes = std::int64_t{to.rows} * to.count * kBlock;
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
    for (int i = 0; i < to.group; i += kLanes) {
      const __m512i numbers =
          _mm512_maskz_cvtps_epi32(known, _mm512_mul_ps(_mm512_loadu_ps(values + i), inverse));
      sum = _mm512_add_epi32(sum, numbers);
      write_digits(numbers, to, digits);
      digits += block_bytes;
    }
    const float scale = finite ? peak / limit : __builtin_nanf("");
    to.scales[g * to.rows] = scale;
    to.sums[g * to.rows] = static_cast<float>(_mm512_reduce_add_epi32(sum)) * scale;
  }
}

}  // namespace

const QuantisedPath kQuantisedAvx512{split, unpack_codes, unpack_scales, multiply, stream_avx512};

}  // namespace hearth::kernels
