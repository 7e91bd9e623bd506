// Loops of multiply-adds that wait for nothing, with AVX-512.
#include <immintrin.h>

#include "kernels/roofs.h"

namespace hearth::bench {

namespace {

constexpr int kChains = 12;

}  // namespace

double fma_loop_avx512(int rounds) {
  __m512 sums[kChains] = {};
  __m512 factor = _mm512_set1_ps(0.5F);
  for (int round = 0; round < rounds; ++round) {
#pragma clang loop unroll(full)
    for (__m512& sum : sums) sum = _mm512_fmadd_ps(sum, factor, factor);
    __asm__ volatile("" : "+v"(factor));
  }
  for (const __m512& sum : sums) __asm__ volatile("" ::"v"(sum));
  return 2.0 * 16 * kChains * rounds;
}

double dot8_loop_avx512(int rounds) {
  __m512i sums[kChains] = {};
  __m512i codes = _mm512_set1_epi8(3);
  for (int round = 0; round < rounds; ++round) {
#pragma clang loop unroll(full)
    for (__m512i& sum : sums) sum = _mm512_dpbusd_epi32(sum, codes, codes);
    __asm__ volatile("" : "+v"(codes));
  }
  for (const __m512i& sum : sums) __asm__ volatile("" ::"v"(sum));
  return 2.0 * 64 * kChains * rounds;
}

}  // namespace hearth::bench
