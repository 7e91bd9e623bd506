// Products of codes and digits by one instruction, for the AVX2 path: vpdpbusd, which processors
// without AVX-512 bring as AVX-VNNI. Only units with flags for either include it.
#pragma once

#include "kernels/panel_avx2.h"

namespace hearth::kernels {

namespace {

/// Four products are added to a sum of 32 bits, so codes of any width fit.
struct VnniDots {
  template <bool kWide, int kDigits>
  [[gnu::always_inline]] static void add(const __m256i (&words)[kBlockWords],
                                         const std::int8_t* digits, __m256i (&dots)[kDigits]) {
#pragma clang loop unroll(full)
    for (int step = 0; step < kBlockWords; ++step)
#pragma clang loop unroll(full)
      for (int d = 0; d < kDigits; ++d)
        dots[d] = _mm256_dpbusd_epi32(dots[d], words[step],
                                      broadcast_word(digits + d * kBlock + step * 4));
  }
};

}  // namespace

}  // namespace hearth::kernels
