// What the units of the AVX-512 path share. Only they include it: it needs their flags, and all of
// it stays inside each of them.
#pragma once

#include <immintrin.h>

#include "kernels/quantised_path.h"

namespace hearth::kernels {

/// The path's `stream` (quantised_path.h).
void stream_avx512(const PackedView& w, int row, const Panel& panel, const Tile& x, float* sums);

namespace {

constexpr int kLineBytes = 64;
constexpr int kLanes = 16;

/// Lane i of register j becomes lane j of register i.
[[gnu::always_inline]] inline void transpose(__m512i (&r)[kLanes]) {
  __m512i t[kLanes];
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; ++i) {
    t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < kLanes; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma clang loop unroll(full)
  for (int c = 0; c < 4; ++c) {
    const __m512i even_low = _mm512_shuffle_i32x4(r[c], r[c + 4], 0x88);
    const __m512i odd_low = _mm512_shuffle_i32x4(r[c], r[c + 4], 0xDD);
    const __m512i even_high = _mm512_shuffle_i32x4(r[c + 8], r[c + 12], 0x88);
    const __m512i odd_high = _mm512_shuffle_i32x4(r[c + 8], r[c + 12], 0xDD);
    r[c] = _mm512_shuffle_i32x4(even_low, even_high, 0x88);
    r[c + 4] = _mm512_shuffle_i32x4(odd_low, odd_high, 0x88);
    r[c + 8] = _mm512_shuffle_i32x4(even_low, even_high, 0xDD);
    r[c + 12] = _mm512_shuffle_i32x4(odd_low, odd_high, 0xDD);
  }
}

/// The first `count` of 64 bytes.
inline __mmask64 first_bytes(int count) {
  return count >= kLineBytes ? ~__mmask64{0} : (__mmask64{1} << count) - 1;
}

/// A line of each row of a whole panel whose rows lie `stride` apart; the same lines of the next
/// panel are asked for, so that memory is read in one stream while this panel is computed.
[[gnu::always_inline]] inline void load_lines(const std::uint8_t* first, std::int64_t stride,
                                              __mmask64 wanted, __m512i (&r)[kLanes]) {
  const std::uint8_t* next = first + stride * kPanelRows;
#pragma clang loop unroll(full)
  for (int n = 0; n < kPanelRows; ++n) {
    r[n] = _mm512_maskz_loadu_epi8(wanted, first + n * stride);
    _mm_prefetch(reinterpret_cast<const char*>(next + n * stride), _MM_HINT_T1);
  }
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

/// The sums of one row with a group's part added.
[[gnu::always_inline]] inline __m512 with_group(__m512 sum, __m512 dot, ScaledBias w, ScaledSum x) {
  const __m512 scale = _mm512_mul_ps(w.scale, _mm512_set1_ps(x.scale));
  return _mm512_fmadd_ps(w.bias, _mm512_set1_ps(x.sum), _mm512_fmadd_ps(dot, scale, sum));
}

}  // namespace

}  // namespace hearth::kernels
