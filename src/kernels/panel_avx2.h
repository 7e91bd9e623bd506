// What the units of the AVX2 path share: sixteen outputs in two halves of eight. How codes and
// digits are multiplied is theirs, since there are two ways. Only they include it: it needs their
// flags, and all of it stays inside each of them.
#pragma once

#include <immintrin.h>

#include "kernels/panel_path.h"

namespace hearth::kernels {

/// The path's functions (panel_path.h) that multiply nothing.
void split_avx2(const float* x, const DigitsTarget& to);
void unpack_codes_avx2(const PanelCut& cut, std::uint8_t* codes);
void unpack_scales_avx2(const PanelCut& cut, float* scales, float* biases);
void apply_gate_avx2(Gate kind, float* gate, const float* up, int count);

namespace {

constexpr int kLanes = 8;
constexpr int kHalfBytes = 32;  // a half's codes of one step: eight outputs, four inputs
constexpr int kStepBytes = 64;
constexpr int kBlockWords = kBlock / 4;

// Rows times digits up to which the sums of a group stay in registers beside the codes.
constexpr int kKeptSums = 8;

// How far ahead codes are asked for.
constexpr int kAhead = 16384;

/// The codes of half a panel from `kLines` lines of one plane of `kBits` each, as bytes.
template <int kBits, int kLines>
[[gnu::always_inline]] inline void load_plane(const std::uint8_t* from,
                                              __m256i (&words)[kLines * 8 / kBits]) {
  constexpr int kParts = 8 / kBits;  // codes of a byte
  const __m256i mask = _mm256_set1_epi8(static_cast<char>((1 << kBits) - 1));
#pragma clang loop unroll(full)
  for (int line = 0; line < kLines; ++line) {
    const __m256i codes =
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + line * kStepBytes));
#pragma clang loop unroll(full)
    for (int part = 0; part < kParts; ++part) {
      const __m256i moved = part == 0 ? codes : _mm256_srli_epi16(codes, part * kBits);
      words[line * kParts + part] = kBits == 8 ? moved : _mm256_and_si256(moved, mask);
    }
  }
}

/// What E2M1 codes stand for.
template <int kWords>
[[gnu::always_inline]] inline void look_up_e2m1(__m256i (&words)[kWords]) {
  const __m256i table =
      _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(kE2m1Codes)));
#pragma clang loop unroll(full)
  for (int i = 0; i < kWords; ++i) words[i] = _mm256_shuffle_epi8(table, words[i]);
}

[[gnu::always_inline]] inline __m256i replaced_where(__m256i where, __m256i value, int bits) {
  return _mm256_blendv_epi8(value, _mm256_set1_epi32(bits), where);
}

[[gnu::always_inline]] inline __m256i from_e8m0(__m256i bits) {
  const __m256i zero = _mm256_cmpeq_epi32(bits, _mm256_setzero_si256());
  const __m256i nan = _mm256_cmpeq_epi32(bits, _mm256_set1_epi32(0xFF));
  const __m256i value = replaced_where(zero, _mm256_slli_epi32(bits, 23), 0x00400000);
  return replaced_where(nan, value, 0x7FC00000);
}

[[gnu::always_inline]] inline __m256i from_e4m3(__m256i bits) {
  const __m256i size = _mm256_and_si256(bits, _mm256_set1_epi32(0x7F));
  const __m256i sign = _mm256_slli_epi32(_mm256_sub_epi32(bits, size), 24);
  const __m256 value =
      _mm256_mul_ps(_mm256_castsi256_ps(_mm256_slli_epi32(size, 20)), _mm256_set1_ps(0x1p120F));
  const __m256i nan = _mm256_cmpeq_epi32(size, _mm256_set1_epi32(0x7F));
  return _mm256_or_si256(replaced_where(nan, _mm256_castps_si256(value), 0x7FC00000), sign);
}

/// Eight scales from element `at` on.
[[gnu::always_inline]] inline __m256 load_scales(const std::uint8_t* scales, std::int64_t at,
                                                 ScaleType type) {
  const auto* words = reinterpret_cast<const __m128i*>(scales + at * 2);
  const auto* bytes = reinterpret_cast<const __m128i*>(scales + at);
  switch (type) {
    case ScaleType::BF16:
      return _mm256_castsi256_ps(
          _mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(words)), 16));
    case ScaleType::F16:
      return _mm256_cvtph_ps(_mm_loadu_si128(words));
    case ScaleType::E8M0:
      return _mm256_castsi256_ps(from_e8m0(_mm256_cvtepu8_epi32(_mm_loadl_epi64(bytes))));
    case ScaleType::E4M3:
      return _mm256_castsi256_ps(from_e4m3(_mm256_cvtepu8_epi32(_mm_loadl_epi64(bytes))));
    case ScaleType::F32:
      break;
  }
  return _mm256_loadu_ps(reinterpret_cast<const float*>(scales + at * 4));
}

/// What a group of weights brings beside its codes.
struct ScaledBias {
  __m256 scale;
  __m256 bias;
};

/// Those of eight outputs from element `at` of the panel's scales on.
[[gnu::always_inline]] inline ScaledBias scales_at(const PanelCut& cut, std::int64_t at) {
  const PanelLayout& layout = *cut.layout;
  const __m256 scale = load_scales(cut.panel, at, layout.scale_type);
  if (layout.e2m1)
    return {_mm256_mul_ps(scale, _mm256_set1_ps(0.5F)),
            _mm256_mul_ps(scale, _mm256_set1_ps(-6.0F))};
  return {scale, load_scales(cut.panel + layout.biases_at, at, layout.scale_type)};
}

/// Four digits for all lanes.
[[gnu::always_inline]] inline __m256i broadcast_word(const std::int8_t* at) {
  int word = 0;
  __builtin_memcpy(&word, at, sizeof word);
  return _mm256_set1_epi32(word);
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

/// Adds a group's part to eight sums of one row; `of_x` is the place of the row's scale and sum.
[[gnu::always_inline]] inline void add_group(__m256 dot, ScaledBias w, const Tile& x, int of_x,
                                             float* sums) {
  __m256 sum = _mm256_loadu_ps(sums);
  sum = _mm256_fmadd_ps(dot, _mm256_mul_ps(w.scale, _mm256_set1_ps(x.scales[of_x])), sum);
  sum = _mm256_fmadd_ps(w.bias, _mm256_set1_ps(x.sums[of_x]), sum);
  _mm256_storeu_ps(sums, sum);
}

/// Rows [m, m + kRows) of x, one group, eight outputs.
template <class Dots, bool kWide, int kDigits, int kRows>
[[gnu::always_inline]] inline void multiply_group(const Panel& panel, const Tile& x, int group,
                                                  int m, float* sums) {
  const int blocks = panel.group / kBlock;
  const std::uint8_t* codes = panel.codes + std::int64_t{group} * panel.group * kPanelRows;
  const std::int64_t block_bytes = std::int64_t{x.rows} * kDigits * kBlock;
  const std::int8_t* digits = x.digits + (panel.begin / kBlock + group * blocks) * block_bytes +
                              std::int64_t{m} * kDigits * kBlock;
  __m256i dots[kRows][kDigits] = {};
  for (int block = 0; block < blocks; ++block) {
    __m256i words[kBlockWords];
    load_plane<8, kBlockWords>(codes, words);
#pragma clang loop unroll(full)
    for (int i = 0; i < kRows; ++i)
      Dots::template add<kWide>(words, digits + i * kDigits * kBlock, dots[i]);
    codes += kBlock * kPanelRows;
    digits += block_bytes;
  }
  const ScaledBias w{_mm256_loadu_ps(panel.scales + group * kPanelRows),
                     _mm256_loadu_ps(panel.biases + group * kPanelRows)};
  const int of_x = (panel.begin / panel.group + group) * x.rows + m;
#pragma clang loop unroll(full)
  for (int i = 0; i < kRows; ++i)
    add_group(joined(dots[i]), w, x, of_x + i, sums + (m + i) * kPanelRows);
}

template <class Dots, bool kWide, int kDigits>
void multiply_half(const Panel& half, const Tile& x, float* sums) {
  constexpr int kTogether = kDigits == 1 ? 4 : 2;  // rows that meet each code once
  for (int group = 0; group < half.count / half.group; ++group) {
    int m = 0;
    for (; m + kTogether <= x.rows; m += kTogether)
      multiply_group<Dots, kWide, kDigits, kTogether>(half, x, group, m, sums);
    for (; m < x.rows; ++m) multiply_group<Dots, kWide, kDigits, 1>(half, x, group, m, sums);
  }
}

template <class Dots, bool kWide>
void multiply_digits(const Panel& half, const Tile& x, float* sums) {
  if (x.count == 1) return multiply_half<Dots, kWide, 1>(half, x, sums);
  if (x.count == 2) return multiply_half<Dots, kWide, 2>(half, x, sums);
  return multiply_half<Dots, kWide, 3>(half, x, sums);
}

/// The path's `multiply`. `Dots::add<kWide>(words, digits, dots)` adds the products of a block's
/// kBlock inputs: four words of codes, of more than 5 bits where kWide, and kBlock bytes a digit.
template <class Dots>
void multiply(const Panel& panel, const Tile& x, float* sums) {
  for (int i = 0; i < 2; ++i) {
    Panel half = panel;
    half.codes += i * kHalfBytes;
    half.scales += i * kLanes;
    half.biases += i * kLanes;
    if (panel.bits > 5)
      multiply_digits<Dots, true>(half, x, sums + i * kLanes);
    else
      multiply_digits<Dots, false>(half, x, sums + i * kLanes);
  }
}

/// One group, eight outputs, all rows: codes go from memory to the sums without a stop.
template <class Dots, int kRows, int kDigits, int kBits, bool kE2m1>
[[gnu::always_inline]] inline void stream_group(const PanelCut& cut, const Tile& x, int group,
                                                int half, float* sums) {
  const PanelLayout& layout = *cut.layout;
  const std::int64_t first = std::int64_t{group} * layout.group;
  const std::uint8_t* codes =
      cut.panel + layout.low_at + first * kBits * (kPanelRows / 8) + half * kHalfBytes;
  const std::int8_t* digits = x.digits + first * kRows * kDigits;
  __m256i dots[kRows][kDigits] = {};
  for (int k = 0; k < layout.group; k += kBlock) {
    constexpr int kLines = kBits / 2;  // that hold a block
    __m256i words[kBlockWords];
    load_plane<kBits, kLines>(codes, words);
    if constexpr (kE2m1) look_up_e2m1(words);
#pragma clang loop unroll(full)
    for (int m = 0; m < kRows; ++m)
      Dots::template add<kBits == 8>(words, digits + m * kDigits * kBlock, dots[m]);
#pragma clang loop unroll(full)
    for (int line = 0; line < kLines; ++line)
      if (half == 0)
        _mm_prefetch(reinterpret_cast<const char*>(codes + line * kStepBytes + kAhead),
                     _MM_HINT_T1);
    codes += kLines * kStepBytes;
    digits += kRows * kDigits * kBlock;
  }
  const ScaledBias w = scales_at(cut, std::int64_t{group} * kPanelRows + half * kLanes);
#pragma clang loop unroll(full)
  for (int m = 0; m < kRows; ++m)
    add_group(joined(dots[m]), w, x, group * kRows + m, sums + m * kPanelRows);
}

template <class Dots, int kRows, int kDigits, int kBits, bool kE2m1>
void stream_rows(const PanelCut& cut, const Tile& x, float* sums) {
  const int first = cut.begin / cut.layout->group;
  for (int g = first; g < first + cut.count / cut.layout->group; ++g) {
    stream_group<Dots, kRows, kDigits, kBits, kE2m1>(cut, x, g, 0, sums);
    stream_group<Dots, kRows, kDigits, kBits, kE2m1>(cut, x, g, 1, sums + kLanes);
  }
}

/// What has more sums than registers is not built.
template <class Dots, int kRows, int kDigits>
bool stream_codes(const PanelCut& cut, const Tile& x, float* sums) {
  if constexpr (kRows * kDigits <= kKeptSums) {
    if (cut.layout->e2m1)
      stream_rows<Dots, kRows, kDigits, 4, true>(cut, x, sums);
    else if (cut.layout->bits == 4)
      stream_rows<Dots, kRows, kDigits, 4, false>(cut, x, sums);
    else if (cut.layout->bits == 8)
      stream_rows<Dots, kRows, kDigits, 8, false>(cut, x, sums);
    else
      return false;
    return true;
  } else {
    return false;
  }
}

template <class Dots, int kRows>
bool stream_digits(const PanelCut& cut, const Tile& x, float* sums) {
  if (x.count == 1) return stream_codes<Dots, kRows, 1>(cut, x, sums);
  if (x.count == 2) return stream_codes<Dots, kRows, 2>(cut, x, sums);
  return stream_codes<Dots, kRows, 3>(cut, x, sums);
}

/// The path's `stream`: codes of 4 and 8 bits.
template <class Dots>
bool stream(const PanelCut& cut, const Tile& x, float* sums) {
  switch (x.rows) {
    case 1:
      return stream_digits<Dots, 1>(cut, x, sums);
    case 2:
      return stream_digits<Dots, 2>(cut, x, sums);
    case 3:
      return stream_digits<Dots, 3>(cut, x, sums);
    case 4:
      return stream_digits<Dots, 4>(cut, x, sums);
    case 5:
      return stream_digits<Dots, 5>(cut, x, sums);
    case 6:
      return stream_digits<Dots, 6>(cut, x, sums);
    case 7:
      return stream_digits<Dots, 7>(cut, x, sums);
    default:
      return stream_digits<Dots, 8>(cut, x, sums);
  }
}

}  // namespace

}  // namespace hearth::kernels
