// Products with packed weights with AVX2: products of 8 bits are added in pairs of 16 first.
#include "kernels/panel_avx2.h"

#include "kernels/gate_loop.h"

namespace hearth::kernels {

namespace {

/// Half a panel.
template <int kLow, int kHigh, bool kE2m1>
[[gnu::always_inline]] inline void unpack_half(const PanelCut& cut, int half, std::uint8_t* codes) {
  constexpr int kWords = kUnpacked / 4;
  const PanelLayout& layout = *cut.layout;
  const std::uint8_t* low = cut.panel + layout.low_at + half * kHalfBytes;
  const std::uint8_t* high = cut.panel + layout.high_at + half * kHalfBytes;
  for (int k = cut.begin; k < cut.begin + cut.count; k += kUnpacked) {
    __m256i words[kWords];
    load_plane<kLow, kLow>(low + std::int64_t{k} * kLow * 2, words);
    if constexpr (kHigh != 0) {
      __m256i more[kWords];
      load_plane<kHigh, kHigh>(high + std::int64_t{k} * kHigh * 2, more);
#pragma clang loop unroll(full)
      for (int i = 0; i < kWords; ++i)
        words[i] = _mm256_or_si256(words[i], _mm256_slli_epi16(more[i], kLow));
    }
    if constexpr (kE2m1) look_up_e2m1(words);
    std::uint8_t* to = codes + std::int64_t{k - cut.begin} * kPanelRows + half * kHalfBytes;
#pragma clang loop unroll(full)
    for (int i = 0; i < kWords; ++i)
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i * kStepBytes), words[i]);
  }
}

template <int kLow, int kHigh, bool kE2m1>
void unpack_as(const PanelCut& cut, std::uint8_t* codes) {
  unpack_half<kLow, kHigh, kE2m1>(cut, 0, codes);
  unpack_half<kLow, kHigh, kE2m1>(cut, 1, codes);
}

/// Pairs of 16 bits to sums of 32.
[[gnu::always_inline]] inline __m256i widened(__m256i pairs) {
  return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

/// Products of codes and digits, two of them added in 16 bits by one instruction.
struct PairDots {
  /// Codes up to 31: the sums of 16 bits cannot overflow (31 * 128 * 2 * 4 < 2^15). Others are
  /// multiplied by halves.
  template <bool kWide, int kDigits>
  [[gnu::always_inline]] static void add(const __m256i (&words)[kBlockWords],
                                         const std::int8_t* digits, __m256i (&dots)[kDigits]) {
    if constexpr (kWide) {
      __m256i lows[kBlockWords];
      __m256i highs[kBlockWords];
      const __m256i low = _mm256_set1_epi8(0x0F);
#pragma clang loop unroll(full)
      for (int step = 0; step < kBlockWords; ++step) {
        lows[step] = _mm256_and_si256(words[step], low);
        highs[step] = _mm256_and_si256(_mm256_srli_epi16(words[step], 4), low);
      }
      add_narrow<4>(highs, digits, dots);
      add_narrow<0>(lows, digits, dots);
    } else {
      add_narrow<0>(words, digits, dots);
    }
  }

 private:
  /// Adds 2^kShift times the products.
  template <int kShift, int kDigits>
  [[gnu::always_inline]] static void add_narrow(const __m256i (&words)[kBlockWords],
                                                const std::int8_t* digits,
                                                __m256i (&dots)[kDigits]) {
#pragma clang loop unroll(full)
    for (int d = 0; d < kDigits; ++d) {
      __m256i pairs = _mm256_setzero_si256();
#pragma clang loop unroll(full)
      for (int step = 0; step < kBlockWords; ++step) {
        const __m256i x = broadcast_word(digits + d * kBlock + step * 4);
        pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(words[step], x));
      }
      dots[d] = _mm256_add_epi32(dots[d], _mm256_slli_epi32(widened(pairs), kShift));
    }
  }
};

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
  for (int d = target.count - 1; d >= 0; --d) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + d * target.block), low_bytes(first, second));
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

}  // namespace

void unpack_codes_avx2(const PanelCut& cut, std::uint8_t* codes) {
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

void unpack_scales_avx2(const PanelCut& cut, float* scales, float* biases) {
  const std::int64_t first = std::int64_t{cut.begin} / cut.layout->group * kPanelRows;
  for (int i = 0; i < cut.count / cut.layout->group * kPanelRows; i += kLanes) {
    const ScaledBias w = scales_at(cut, first + i);
    _mm256_storeu_ps(scales + i, w.scale);
    _mm256_storeu_ps(biases + i, w.bias);
  }
}

void split_avx2(const float* x, const DigitsTarget& to) {
  const std::int64_t block_bytes = std::int64_t{to.rows} * to.count * to.block;
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
    for (int block = 0; block < to.group; block += to.block, digits += block_bytes)
      for (int i = 0; i < to.block; i += 2 * kLanes) {
        const __m256i first = numbers_at(block + i);
        const __m256i second = numbers_at(block + i + kLanes);
        sum = _mm256_add_epi32(sum, _mm256_add_epi32(first, second));
        write_digits(first, second, to, digits + i);
      }
    const float scale = finite ? peak / limit : __builtin_nanf("");
    to.scales[g * to.rows] = scale;
    to.sums[g * to.rows] = static_cast<float>(sum_of(sum)) * scale;
  }
}

void apply_gate_avx2(Gate kind, float* gate, const float* up, int count) {
  gate_loop(kind, gate, up, count);
}

const PanelPath kPanelAvx2{split_avx2,         unpack_codes_avx2, unpack_scales_avx2,
                           multiply<PairDots>, stream<PairDots>,  apply_gate_avx2};

}  // namespace hearth::kernels
