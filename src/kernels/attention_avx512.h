// What the units of attention with AVX-512 share. Only they include it: it needs their flags, and
// all of it stays inside each of them.
#pragma once

#include <immintrin.h>

#include "kernels/attention_path.h"
#include "kernels/quantised_avx512.h"

namespace hearth::kernels {

/// The path's `score_page` and `mix_page` (attention_path.h).
void score_page_avx512(const Scoring& job, const KvRow& row, const KvPage& page);
void mix_page_avx512(const Mixing& job, const KvRow& row, const KvPage& page);

namespace {

/// The first `count` of 16 lanes; all where there are more.
[[gnu::always_inline]] inline __mmask16 first_lanes(int count) {
  return count >= kLanes ? static_cast<__mmask16>(0xFFFF)
                         : static_cast<__mmask16>((1U << static_cast<unsigned>(count)) - 1U);
}

/// Numbers of a row that is not packed; 0 where the mask is.
template <KvType kType>
[[gnu::always_inline]] inline __m512 load(__mmask16 wanted, const std::uint8_t* row, int at) {
  if constexpr (kType == KvType::F32) {
    return _mm512_maskz_loadu_ps(wanted, row + std::ptrdiff_t{at} * 4);
  } else {
    const __m256i bits = _mm256_maskz_loadu_epi16(wanted, row + std::ptrdiff_t{at} * 2);
    if constexpr (kType == KvType::F16) return _mm512_cvtph_ps(bits);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
  }
}

/// Asks for the same place in the page that comes next.
[[gnu::always_inline]] inline void ask(const KvPage& page, std::ptrdiff_t at) {
  _mm_prefetch(reinterpret_cast<const char*>(page.next + at), _MM_HINT_T0);
}

}  // namespace

}  // namespace hearth::kernels
