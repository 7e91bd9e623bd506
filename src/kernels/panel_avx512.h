// What the units of the AVX-512 path share. Only they include it: it needs their flags, and all of
// it stays inside each of them.
#pragma once

#include <immintrin.h>

#include "kernels/lanes_avx512.h"
#include "kernels/panel_path.h"

namespace hearth::kernels {

/// The path's functions (panel_path.h) that have units of their own, or serve another path too.
bool stream_avx512(const PanelCut& cut, const Tile& x, float* sums);
void split_avx512(const float* x, const DigitsTarget& to);
void unpack_codes_avx512(const PanelCut& cut, std::uint8_t* codes);
void unpack_scales_avx512(const PanelCut& cut, float* scales, float* biases);
void apply_gate_avx512(Gate kind, float* gate, const float* up, int count);

namespace {

/// Lines of codes that make kUnpacked inputs of all lanes.
constexpr int kWords = kUnpacked / 4;

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

/// Where a cut's codes lie.
struct CodeLines {
  const std::uint8_t* low;
  const std::uint8_t* high;
};

inline CodeLines code_lines(const PanelCut& cut) {
  const PanelLayout& layout = *cut.layout;
  const std::int64_t input = kPanelRows / 8 * std::int64_t{cut.begin};  // bytes a bit
  return {cut.panel + layout.low_at + input * layout.low_bits,
          cut.panel + layout.high_at + input * layout.high_bits};
}

/// The codes of kUnpacked inputs from one plane of `kBits` each, as bytes.
template <int kBits>
[[gnu::always_inline]] inline void load_plane(const std::uint8_t* from, __m512i (&words)[kWords]) {
  constexpr int kParts = 8 / kBits;  // codes of a byte
  const __m512i mask = _mm512_set1_epi8(static_cast<char>((1 << kBits) - 1));
#pragma clang loop unroll(full)
  for (int line = 0; line < kBits; ++line) {
    const __m512i codes = _mm512_loadu_si512(from + line * kLineBytes);
#pragma clang loop unroll(full)
    for (int part = 0; part < kParts; ++part) {
      const __m512i moved = part == 0 ? codes : _mm512_srli_epi16(codes, part * kBits);
      words[line * kParts + part] = kBits == 8 ? moved : _mm512_and_si512(moved, mask);
    }
  }
}

/// Inputs [k, k + kUnpacked) of the lines: word i holds inputs 4 i to 4 i + 3 of each lane.
template <int kLow, int kHigh, bool kE2m1>
[[gnu::always_inline]] inline void load_codes(const CodeLines& lines, int k,
                                              __m512i (&words)[kWords]) {
  load_plane<kLow>(lines.low + std::int64_t{k} * kLow * 2, words);
  if constexpr (kHigh != 0) {
    __m512i high[kWords];
    load_plane<kHigh>(lines.high + std::int64_t{k} * kHigh * 2, high);
#pragma clang loop unroll(full)
    for (int i = 0; i < kWords; ++i)
      words[i] = _mm512_or_si512(words[i], _mm512_slli_epi16(high[i], kLow));
  }
  if constexpr (kE2m1) {
    const __m512i table =
        _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(kE2m1Codes)));
#pragma clang loop unroll(full)
    for (int i = 0; i < kWords; ++i) words[i] = _mm512_shuffle_epi8(table, words[i]);
  }
}

/// Sixteen scales from element `at` on.
[[gnu::always_inline]] inline __m512 load_scales(const std::uint8_t* scales, std::int64_t at,
                                                 ScaleType type) {
  const auto* words = reinterpret_cast<const __m256i*>(scales + at * 2);
  const auto* bytes = reinterpret_cast<const __m128i*>(scales + at);
  switch (type) {
    case ScaleType::BF16:
      return _mm512_castsi512_ps(
          _mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(words)), 16));
    case ScaleType::F16:
      return _mm512_cvtph_ps(_mm256_loadu_si256(words));
    case ScaleType::E8M0:
      return _mm512_castsi512_ps(from_e8m0(_mm512_cvtepu8_epi32(_mm_loadu_si128(bytes))));
    case ScaleType::E4M3:
      return _mm512_castsi512_ps(from_e4m3(_mm512_cvtepu8_epi32(_mm_loadu_si128(bytes))));
    case ScaleType::F32:
      break;
  }
  return _mm512_loadu_ps(scales + at * 4);
}

/// Four digits for all lanes.
[[gnu::always_inline]] inline __m512i broadcast_word(const std::int8_t* at) {
  int word = 0;
  __builtin_memcpy(&word, at, sizeof word);
  return _mm512_set1_epi32(word);
}

/// A group's sum out of those of its digits.
[[gnu::always_inline]] inline __m512 joined(const __m512i (&dots)[1]) {
  return _mm512_cvtepi32_ps(dots[0]);
}
[[gnu::always_inline]] inline __m512 joined(const __m512i (&dots)[2]) {
  return _mm512_cvtepi32_ps(_mm512_add_epi32(_mm512_slli_epi32(dots[0], 8), dots[1]));
}
[[gnu::always_inline]] inline __m512 joined(const __m512i (&dots)[3]) {
  const __m512i high = _mm512_add_epi32(_mm512_slli_epi32(dots[0], 8), dots[1]);
  return _mm512_fmadd_ps(_mm512_cvtepi32_ps(high), _mm512_set1_ps(256.0F),
                         _mm512_cvtepi32_ps(dots[2]));
}

/// What a group of activations brings beside its digits.
struct ScaledSum {
  float scale;
  float sum;
};

/// What a group of weights brings beside its codes.
struct ScaledBias {
  __m512 scale;
  __m512 bias;
};

/// Those of the panel's group `group`.
[[gnu::always_inline]] inline ScaledBias scales_of(const PanelCut& cut, int group) {
  const PanelLayout& layout = *cut.layout;
  const std::int64_t at = std::int64_t{group} * kPanelRows;
  const __m512 scale = load_scales(cut.panel, at, layout.scale_type);
  if (layout.e2m1)
    return {_mm512_mul_ps(scale, _mm512_set1_ps(0.5F)),
            _mm512_mul_ps(scale, _mm512_set1_ps(-6.0F))};
  return {scale, load_scales(cut.panel + layout.biases_at, at, layout.scale_type)};
}

/// The sums of one row with a group's part added.
[[gnu::always_inline]] inline __m512 with_group(__m512 sum, __m512 dot, ScaledBias w, ScaledSum x) {
  const __m512 scale = _mm512_mul_ps(w.scale, _mm512_set1_ps(x.scale));
  return _mm512_fmadd_ps(w.bias, _mm512_set1_ps(x.sum), _mm512_fmadd_ps(dot, scale, sum));
}

}  // namespace

}  // namespace hearth::kernels
