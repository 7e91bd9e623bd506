// Loops of multiply-adds that wait for nothing, with AVX2.
#include <immintrin.h>

#include "kernels/roofs.h"

namespace hearth::bench {

namespace {

constexpr int kChains = 10;

}  // namespace

double fma_loop_avx2(int rounds) {
  __m256 sums[kChains] = {};
  __m256 factor = _mm256_set1_ps(0.5F);
  for (int round = 0; round < rounds; ++round) {
#pragma clang loop unroll(full)
    for (__m256& sum : sums) sum = _mm256_fmadd_ps(sum, factor, factor);
    __asm__ volatile("" : "+x"(factor));
  }
  for (const __m256& sum : sums) __asm__ volatile("" ::"x"(sum));
  return 2.0 * 8 * kChains * rounds;
}

double dot8_loop_avx2(int rounds) {
  __m256i sums[kChains] = {};
  __m256i codes = _mm256_set1_epi8(3);
  for (int round = 0; round < rounds; ++round) {
#pragma clang loop unroll(full)
    for (__m256i& sum : sums) sum = _mm256_add_epi16(codes, _mm256_maddubs_epi16(codes, sum));
    __asm__ volatile("" : "+x"(codes));
  }
  for (const __m256i& sum : sums) __asm__ volatile("" ::"x"(sum));
  return 2.0 * 32 * kChains * rounds;
}

}  // namespace hearth::bench
