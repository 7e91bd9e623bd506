// The quantised product with AVX2: rows in lanes like AVX-512, in two halves of eight.
#include <immintrin.h>

#include "kernels/quantised_path.h"

namespace hearth::kernels {

namespace {

constexpr int kLanes = 8;
constexpr int kHalfBytes = 32;  // a half's codes of one step: eight outputs, four inputs
constexpr int kStepBytes = 64;

/// Lane i of register j becomes lane j of register i.
[[gnu::always_inline]] inline void transpose(__m256i (&r)[kLanes]) {
  __m256i t[kLanes];
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; ++i) {
    t[2 * i] = _mm256_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm256_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < kLanes; i += 4) {
    r[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma clang loop unroll(full)
  for (int c = 0; c < 4; ++c) {
    const __m256i low = _mm256_permute2x128_si256(r[c], r[c + 4], 0x20);
    r[c + 4] = _mm256_permute2x128_si256(r[c], r[c + 4], 0x31);
    r[c] = low;
  }
}

inline const std::uint8_t* row_of(const PackedView& w, const PanelCut& cut, int n) {
  const int row = cut.row + n < w.outputs ? cut.row + n : w.outputs - 1;
  return w.codes + row * w.code_stride + std::int64_t{cut.begin} * w.bits / 8;
}

/// The first `words` of eight words of 32 bits; all where there are more.
[[gnu::always_inline]] inline __m256i first_words(int words) {
  const __m256i numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(words), numbers);
}

/// Eight words of eight rows, turned; the same words of the next panel are asked for.
[[gnu::always_inline]] inline void load_words(const PackedView& w, const PanelCut& cut, int at,
                                              __m256i (&r)[kLanes]) {
  const int left = cut.count * w.bits / 8 - at;
  const __m256i wanted = first_words(left / 4);
  for (int n = 0; n < kLanes; ++n) {
    const std::uint8_t* from = row_of(w, cut, n) + at;
    r[n] = _mm256_maskload_epi32(reinterpret_cast<const int*>(from), wanted);
    _mm_prefetch(reinterpret_cast<const char*>(from + w.code_stride * kPanelRows), _MM_HINT_T1);
  }
  transpose(r);
}

[[gnu::always_inline]] inline void store(std::uint8_t* to, __m256i value) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), value);
}

/// Half a panel of 4-bit codes, 64 inputs at a time.
void unpack_nibbles(const PackedView& w, const PanelCut& cut, std::uint8_t* codes) {
  const __m256i low = _mm256_set1_epi8(0x0F);
  const __m256i e2m1 =
      _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(kE2m1Codes)));
  for (int at = 0; at < cut.count / 2; at += kHalfBytes) {
    __m256i r[kLanes];
    load_words(w, cut, at, r);
    for (int i = 0; i < kLanes; ++i) {
      __m256i even = _mm256_and_si256(r[i], low);
      __m256i odd = _mm256_and_si256(_mm256_srli_epi16(r[i], 4), low);
      if (w.e2m1) {
        even = _mm256_shuffle_epi8(e2m1, even);
        odd = _mm256_shuffle_epi8(e2m1, odd);
      }
      std::uint8_t* to = codes + (std::int64_t{at} / 2 + 2 * i) * kStepBytes;
      store(to, even);
      store(to + kStepBytes, odd);
    }
  }
}

/// Half a panel of bytes, 32 inputs at a time.
void unpack_bytes(const PackedView& w, const PanelCut& cut, std::uint8_t* codes) {
  for (int at = 0; at < cut.count; at += kHalfBytes) {
    __m256i r[kLanes];
    load_words(w, cut, at, r);
    for (int i = 0; i < kLanes; ++i) store(codes + (at / 4 + i) * kStepBytes, r[i]);
  }
}

/// Half a panel of codes of any width: eight codes at a time are spread out of one word.
void unpack_bits(const PackedView& w, const PanelCut& cut, std::uint8_t* codes) {
  const std::uint64_t fields = 0x0101010101010101U * ((1U << w.bits) - 1U);
  for (int n = 0; n < kLanes; ++n) {
    const std::uint8_t* from = row_of(w, cut, n);
    for (int k = 0; k < cut.count; k += 8, from += w.bits) {
      std::uint64_t word = 0;
      if (k + 32 <= cut.count)  // the row goes on for eight bytes at least
        __builtin_memcpy(&word, from, sizeof word);
      else
        for (int i = 0; i < w.bits; ++i) word |= std::uint64_t{from[i]} << (8 * i);
      const std::uint64_t spread = _pdep_u64(word, fields);
      std::uint8_t* to = codes + k / 4 * kStepBytes + n * 4;
      const auto first = static_cast<std::uint32_t>(spread);
      const auto second = static_cast<std::uint32_t>(spread >> 32U);
      __builtin_memcpy(to, &first, sizeof first);
      __builtin_memcpy(to + kStepBytes, &second, sizeof second);
    }
  }
}

void unpack_codes(const PackedView& w, const PanelCut& cut, std::uint8_t* codes) {
  for (int half = 0; half < 2; ++half) {
    const PanelCut rows{cut.row + half * kLanes, cut.begin, cut.count};
    std::uint8_t* to = codes + half * kHalfBytes;
    if (w.bits == 4)
      unpack_nibbles(w, rows, to);
    else if (w.bits == 8)
      unpack_bytes(w, rows, to);
    else
      unpack_bits(w, rows, to);
  }
}

inline float from_e8m0(std::uint8_t bits) {
  const std::uint32_t value = bits == 0 ? 0x00400000U : std::uint32_t{bits} << 23U;
  return __builtin_bit_cast(float, bits == 0xFF ? 0x7FC00000U : value);
}

inline float from_e4m3(std::uint8_t bits) {
  const std::uint32_t size = bits & 0x7FU;
  const float value = __builtin_bit_cast(float, size << 20U) * 0x1p120F;
  const std::uint32_t known =
      size == 0x7FU ? 0x7FC00000U : __builtin_bit_cast(std::uint32_t, value);
  return __builtin_bit_cast(float, known | (bits & 0x80U) << 24U);
}

inline float load_scale(const void* scales, std::int64_t at, ScaleType type) {
  switch (type) {
    case ScaleType::F32:
      return static_cast<const float*>(scales)[at];
    case ScaleType::BF16: {
      const std::uint32_t bits = static_cast<const std::uint16_t*>(scales)[at];
      return __builtin_bit_cast(float, bits << 16U);
    }
    case ScaleType::F16:
      return _cvtsh_ss(static_cast<const std::uint16_t*>(scales)[at]);
    case ScaleType::E8M0:
      return from_e8m0(static_cast<const std::uint8_t*>(scales)[at]);
    case ScaleType::E4M3:
      return from_e4m3(static_cast<const std::uint8_t*>(scales)[at]);
  }
  return 0.0F;
}

void unpack_scales(const PackedView& w, const PanelCut& cut, float* scales, float* biases) {
  for (int n = 0; n < kPanelRows; ++n) {
    const int row = cut.row + n < w.outputs ? cut.row + n : w.outputs - 1;
    const int first = cut.begin / w.group;
    for (int g = 0; g < cut.count / w.group; ++g) {
      const float scale = load_scale(w.scales, row * w.scale_stride + first + g, w.scale_type);
      scales[g * kPanelRows + n] = w.e2m1 ? scale * 0.5F : scale;
      biases[g * kPanelRows + n] =
          w.e2m1 ? scale * -6.0F
                 : load_scale(w.biases, row * w.bias_stride + first + g, w.scale_type);
    }
  }
}

/// Four digits for all lanes.
[[gnu::always_inline]] inline __m256i broadcast_word(const std::int8_t* at) {
  int word = 0;
  __builtin_memcpy(&word, at, sizeof word);
  return _mm256_set1_epi32(word);
}

/// Pairs of 16 bits to sums of 32.
[[gnu::always_inline]] inline __m256i widened(__m256i pairs) {
  return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

/// Adds the products of a block's 16 inputs. Codes up to 31: the sums of 16 bits cannot overflow
/// (31 * 128 * 2 * 4 < 2^15).
template <int kDigits>
[[gnu::always_inline]] inline void add_narrow_block(const std::uint8_t* codes,
                                                    const std::int8_t* digits,
                                                    __m256i (&dots)[kDigits]) {
  __m256i pairs[kDigits] = {};
#pragma clang loop unroll(full)
  for (int step = 0; step < kBlock / 4; ++step) {
    const __m256i words =
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + step * kStepBytes));
#pragma clang loop unroll(full)
    for (int d = 0; d < kDigits; ++d)
      pairs[d] = _mm256_add_epi16(
          pairs[d], _mm256_maddubs_epi16(words, broadcast_word(digits + d * kBlock + step * 4)));
  }
#pragma clang loop unroll(full)
  for (int d = 0; d < kDigits; ++d) dots[d] = _mm256_add_epi32(dots[d], widened(pairs[d]));
}

/// The same for codes of up to 8 bits: their two halves are multiplied by themselves.
template <int kDigits>
[[gnu::always_inline]] inline void add_wide_block(const std::uint8_t* codes,
                                                  const std::int8_t* digits,
                                                  __m256i (&dots)[kDigits]) {
  const __m256i low = _mm256_set1_epi8(0x0F);
  __m256i low_pairs[kDigits] = {};
  __m256i high_pairs[kDigits] = {};
#pragma clang loop unroll(full)
  for (int step = 0; step < kBlock / 4; ++step) {
    const __m256i words =
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes + step * kStepBytes));
    const __m256i lows = _mm256_and_si256(words, low);
    const __m256i highs = _mm256_and_si256(_mm256_srli_epi16(words, 4), low);
#pragma clang loop unroll(full)
    for (int d = 0; d < kDigits; ++d) {
      const __m256i x = broadcast_word(digits + d * kBlock + step * 4);
      low_pairs[d] = _mm256_add_epi16(low_pairs[d], _mm256_maddubs_epi16(lows, x));
      high_pairs[d] = _mm256_add_epi16(high_pairs[d], _mm256_maddubs_epi16(highs, x));
    }
  }
#pragma clang loop unroll(full)
  for (int d = 0; d < kDigits; ++d) {
    const __m256i highs = _mm256_slli_epi32(widened(high_pairs[d]), 4);
    dots[d] = _mm256_add_epi32(dots[d], _mm256_add_epi32(widened(low_pairs[d]), highs));
  }
}

/// A group's sum out of those of its digits.
[[gnu::always_inline]] inline __m256 joined(const __m256i (&dots)[1]) {
  return _mm256_cvtepi32_ps(dots[0]);
}
[[gnu::always_inline]] inline __m256 joined(const __m256i (&dots)[2]) {
  return _mm256_cvtepi32_ps(_mm256_add_epi32(_mm256_slli_epi32(dots[0], 8), dots[1]));
}
[[gnu::always_inline]] inline __m256 joined(const __m256i (&dots)[3]) {
  const __m256i high = _mm256_add_epi32(_mm256_slli_epi32(dots[0], 8), dots[1]);
  return _mm256_fmadd_ps(_mm256_cvtepi32_ps(high), _mm256_set1_ps(256.0F),
                         _mm256_cvtepi32_ps(dots[2]));
}

/// One row of x, one group, eight outputs.
template <bool kWide, int kDigits>
[[gnu::always_inline]] inline void add_group(const Panel& panel, const Tile& x, int group, int m,
                                             float* sums) {
  const int blocks = panel.group / kBlock;
  const std::uint8_t* codes = panel.codes + std::int64_t{group} * panel.group * kPanelRows;
  const std::int64_t block_bytes = std::int64_t{x.rows} * kDigits * kBlock;
  const std::int8_t* digits = x.digits + (panel.begin / kBlock + group * blocks) * block_bytes +
                              std::int64_t{m} * kDigits * kBlock;
  __m256i dots[kDigits] = {};
  for (int block = 0; block < blocks; ++block) {
    if (kWide)
      add_wide_block(codes, digits, dots);
    else
      add_narrow_block(codes, digits, dots);
    codes += kBlock * kPanelRows;
    digits += block_bytes;
  }
  const int of_x = (panel.begin / panel.group + group) * x.rows + m;
  const __m256 scale = _mm256_loadu_ps(panel.scales + group * kPanelRows);
  const __m256 bias = _mm256_loadu_ps(panel.biases + group * kPanelRows);
  const __m256 dot = joined(dots);
  __m256 sum = _mm256_loadu_ps(sums);
  sum = _mm256_fmadd_ps(dot, _mm256_mul_ps(scale, _mm256_set1_ps(x.scales[of_x])), sum);
  sum = _mm256_fmadd_ps(bias, _mm256_set1_ps(x.sums[of_x]), sum);
  _mm256_storeu_ps(sums, sum);
}

template <bool kWide, int kDigits>
void multiply_half(const Panel& half, const Tile& x, float* sums) {
  for (int group = 0; group < half.count / half.group; ++group)
    for (int m = 0; m < x.rows; ++m)
      add_group<kWide, kDigits>(half, x, group, m, sums + m * kPanelRows);
}

template <bool kWide>
void multiply_digits(const Panel& half, const Tile& x, float* sums) {
  if (x.count == 1) return multiply_half<kWide, 1>(half, x, sums);
  if (x.count == 2) return multiply_half<kWide, 2>(half, x, sums);
  return multiply_half<kWide, 3>(half, x, sums);
}

void multiply(const Panel& panel, const Tile& x, float* sums) {
  for (int i = 0; i < 2; ++i) {
    Panel half = panel;
    half.codes += i * kHalfBytes;
    half.scales += i * kLanes;
    half.biases += i * kLanes;
    if (panel.bits > 5)
      multiply_digits<true>(half, x, sums + i * kLanes);
    else
      multiply_digits<false>(half, x, sums + i * kLanes);
  }
}

/// The lowest eight bits of sixteen numbers, as signed bytes.
[[gnu::always_inline]] inline __m128i low_bytes(__m256i first, __m256i second) {
  const auto low = [](__m256i v) { return _mm256_srai_epi32(_mm256_slli_epi32(v, 24), 24); };
  const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low(first), low(second)),
                                                 _MM_SHUFFLE(3, 1, 2, 0));
  return _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
}

/// Writes the digits of sixteen numbers.
[[gnu::always_inline]] inline void write_digits(__m256i first, __m256i second,
                                                const DigitsTarget& target, std::int8_t* to) {
  const __m256i half = _mm256_set1_epi32(128);
  const __m128i order = _mm_setr_epi8(0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15);
  for (int d = target.count - 1; d >= 0; --d) {
    __m128i digits = low_bytes(first, second);
    if (target.nibbles) digits = _mm_shuffle_epi8(digits, order);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + d * kBlock), digits);
    first = _mm256_srai_epi32(_mm256_add_epi32(first, half), 8);
    second = _mm256_srai_epi32(_mm256_add_epi32(second, half), 8);
  }
}

inline std::int32_t largest(__m256i v) {
  __m128i max = _mm_max_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  max = _mm_max_epi32(max, _mm_shuffle_epi32(max, _MM_SHUFFLE(1, 0, 3, 2)));
  max = _mm_max_epi32(max, _mm_shuffle_epi32(max, _MM_SHUFFLE(2, 3, 0, 1)));
  return _mm_cvtsi128_si32(max);
}

inline std::int32_t sum_of(__m256i v) {
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, _MM_SHUFFLE(1, 0, 3, 2)));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, _MM_SHUFFLE(2, 3, 0, 1)));
  return _mm_cvtsi128_si32(sum);
}

/// The bits of the largest size in a group.
inline std::int32_t peak_bits(const float* x, int count) {
  const __m256i size = _mm256_set1_epi32(0x7FFFFFFF);
  __m256i peak = _mm256_setzero_si256();
  for (int i = 0; i < count; i += kLanes)
    peak = _mm256_max_epi32(
        peak, _mm256_and_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i)), size));
  return largest(peak);
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
    const __m256 inverse = _mm256_set1_ps(limit / peak);
    const __m256i known = _mm256_set1_epi32(finite ? -1 : 0);
    const auto numbers_at = [&](int i) {
      const __m256 scaled = _mm256_mul_ps(_mm256_loadu_ps(values + i), inverse);
      return _mm256_and_si256(_mm256_cvtps_epi32(scaled), known);
    };
    __m256i sum = _mm256_setzero_si256();
    for (int i = 0; i < to.group; i += kBlock) {
      const __m256i first = numbers_at(i);
      const __m256i second = numbers_at(i + kLanes);
      sum = _mm256_add_epi32(sum, _mm256_add_epi32(first, second));
      write_digits(first, second, to, digits);
      digits += block_bytes;
    }
    const float scale = finite ? peak / limit : __builtin_nanf("");
    to.scales[g * to.rows] = scale;
    to.sums[g * to.rows] = static_cast<float>(sum_of(sum)) * scale;
  }
}

}  // namespace

const QuantisedPath kQuantisedAvx2{split, unpack_codes, unpack_scales, multiply, nullptr};

}  // namespace hearth::kernels
