// Sixteen lanes of 32 bits. Only units that are compiled for AVX-512 include it, and all of it
// stays inside each of them.
#pragma once

#include <immintrin.h>

namespace hearth::kernels {

namespace {

constexpr int kLanes = 16;
constexpr int kLineBytes = 64;

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

}  // namespace

}  // namespace hearth::kernels
