// Products with packed weights with AVX2: sixteen outputs in two halves of eight.
#include <immintrin.h>

#include "kernels/gate_loop.h"
#include "kernels/panel_path.h"

namespace hearth::kernels {

namespace {

constexpr int kLanes = 8;
constexpr int kHalfBytes = 32;  // a half's codes of one step: eight outputs, four inputs
constexpr int kStepBytes = 64;
constexpr int kWords = kUnpacked / 4;

/// The codes of kUnpacked inputs of half a panel from one plane of `kBits` each, as bytes.
template <int kBits>
[[gnu::always_inline]] inline void load_plane(const std::uint8_t* from, __m256i (&words)[kWords]) {
  constexpr int kParts = 8 / kBits;  // codes of a byte
  const __m256i mask = _mm256_set1_epi8(static_cast<char>((1 << kBits) - 1));
#pragma clang loop unroll(full)
  for (int line = 0; line < kBits; ++line) {
    const __m256i codes =
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + line * kStepBytes));
#pragma clang loop unroll(full)
    for (int part = 0; part < kParts; ++part) {
      const __m256i moved = part == 0 ? codes : _mm256_srli_epi16(codes, part * kBits);
      words[line * kParts + part] = kBits == 8 ? moved : _mm256_and_si256(moved, mask);
    }
  }
}

/// Half a panel.
template <int kLow, int kHigh, bool kE2m1>
[[gnu::always_inline]] inline void unpack_half(const PanelCut& cut, int half, std::uint8_t* codes) {
  const PanelLayout& layout = *cut.layout;
  const __m256i table =
      _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(kE2m1Codes)));
  const std::uint8_t* low = cut.panel + layout.low_at + half * kHalfBytes;
  const std::uint8_t* high = cut.panel + layout.high_at + half * kHalfBytes;
  for (int k = cut.begin; k < cut.begin + cut.count; k += kUnpacked) {
    __m256i words[kWords];
    load_plane<kLow>(low + std::int64_t{k} * kLow * 2, words);
    if constexpr (kHigh != 0) {
      __m256i more[kWords];
      load_plane<kHigh>(high + std::int64_t{k} * kHigh * 2, more);
#pragma clang loop unroll(full)
      for (int i = 0; i < kWords; ++i)
        words[i] = _mm256_or_si256(words[i], _mm256_slli_epi16(more[i], kLow));
    }
    std::uint8_t* to = codes + std::int64_t{k - cut.begin} * kPanelRows + half * kHalfBytes;
#pragma clang loop unroll(full)
    for (int i = 0; i < kWords; ++i) {
      const __m256i word = kE2m1 ? _mm256_shuffle_epi8(table, words[i]) : words[i];
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + i * kStepBytes), word);
    }
  }
}

template <int kLow, int kHigh, bool kE2m1>
void unpack_as(const PanelCut& cut, std::uint8_t* codes) {
  unpack_half<kLow, kHigh, kE2m1>(cut, 0, codes);
  unpack_half<kLow, kHigh, kE2m1>(cut, 1, codes);
}

void unpack_codes(const PanelCut& cut, std::uint8_t* codes) {
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

void unpack_scales(const PanelCut& cut, float* scales, float* biases) {
  const PanelLayout& layout = *cut.layout;
  const std::int64_t first = std::int64_t{cut.begin} / layout.group * kPanelRows;
  for (int i = 0; i < cut.count / layout.group * kPanelRows; ++i) {
    const float scale = load_scale(cut.panel, first + i, layout.scale_type);
    scales[i] = layout.e2m1 ? scale * 0.5F : scale;
    biases[i] = layout.e2m1
                    ? scale * -6.0F
                    : load_scale(cut.panel + layout.biases_at, first + i, layout.scale_type);
  }
}

/// What is unpacked is multiplied from the first-level cache: nothing is faster here.
bool stream(const PanelCut& /*cut*/, const Tile& /*x*/, float* /*sums*/) {
  return false;
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
  for (int d = target.count - 1; d >= 0; --d) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + d * kBlock), low_bytes(first, second));
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

const PanelPath kPanelAvx2{split, unpack_codes, unpack_scales, multiply, stream, gate_loop};

}  // namespace hearth::kernels
