// Attention of few queries with AVX-512: keys and values go from their page to the sums in one go,
// so that turning, unpacking and multiplying overlap.
#include <immintrin.h>

#include "kernels/attention_avx512.h"
#include "kernels/by_kv_type.h"

namespace hearth::kernels {

namespace {

constexpr int kFourVectors = 4;  // queries up to which four registers of a value fit

/// Keys that lie channel by channel.
template <KvType kType, int kRows>
void score_channels(const Scoring& job, const KvRow& row, const KvPage& page) {
  constexpr std::ptrdiff_t kBytes = kLanes * bits_of<kType>() / 8;
  __m512 sums[kRows][2] = {};
  for (int i = 0; i < row.width; ++i) {
    const std::ptrdiff_t begin = 2 * kBytes * i;
    const __m512 low = load_sixteen<kType>(page.rows + begin);
    const __m512 high = load_sixteen<kType>(page.rows + begin + kBytes);
    ask_turned<kType>(page, begin);
#pragma clang loop unroll(full)
    for (int r = 0; r < kRows; ++r) {
      const __m512 number = _mm512_set1_ps(job.queries[r * job.stride + i]);
      sums[r][0] = _mm512_fmadd_ps(number, low, sums[r][0]);
      sums[r][1] = _mm512_fmadd_ps(number, high, sums[r][1]);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < kRows; ++r) {
    _mm512_storeu_ps(job.scores + r * kSpanKeys, sums[r][0]);
    _mm512_storeu_ps(job.scores + r * kSpanKeys + kLanes, sums[r][1]);
  }
}

template <KvType kType, int kRows>
void score_rows(const Scoring& job, const KvRow& row, const KvPage& page) {
  for (int first = 0; first < kPageRows; first += kLanes) {
    __m512 sums[kRows] = {};
    for (int at = 0; at < row.width; at += kLanes) {
      __m512i keys[kLanes];
      load_turned<kType>(row, page, first, at, keys);
#pragma clang loop unroll(full)
      for (int i = 0; i < kLanes; ++i)
#pragma clang loop unroll(full)
        for (int r = 0; r < kRows; ++r) {
          const __m512 number = _mm512_set1_ps(job.queries[r * job.stride + at + i]);
          sums[r] = _mm512_fmadd_ps(number, _mm512_castsi512_ps(keys[i]), sums[r]);
        }
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < kRows; ++r) _mm512_storeu_ps(job.scores + r * kSpanKeys + first, sums[r]);
  }
}

template <KvType kType, int kRows, int kVectors>
[[gnu::always_inline]] inline void mix_block(const Mixing& job, const KvRow& row,
                                             const KvPage& page, int at) {
  __m512 sums[kRows][kVectors];
#pragma clang loop unroll(full)
  for (int r = 0; r < kRows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < kVectors; ++v)
      sums[r][v] = _mm512_loadu_ps(job.mixed + r * job.width + at + v * kLanes);
  for (int key = 0; key < job.count; ++key) {
    const std::ptrdiff_t begin = std::ptrdiff_t{key} * row.bytes;
    __m512 value[kVectors];
#pragma clang loop unroll(full)
    for (int v = 0; v < kVectors; ++v) {
      value[v] = load<kType>(row, page.rows + begin, at + v * kLanes);
      ask<kType>(page, begin, at + v * kLanes);
    }
#pragma clang loop unroll(full)
    for (int r = 0; r < kRows; ++r) {
      const __m512 weight = _mm512_set1_ps(job.weights[r * kSpanKeys + key]);
#pragma clang loop unroll(full)
      for (int v = 0; v < kVectors; ++v) sums[r][v] = _mm512_fmadd_ps(weight, value[v], sums[r][v]);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < kRows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < kVectors; ++v)
      _mm512_storeu_ps(job.mixed + r * job.width + at + v * kLanes, sums[r][v]);
}

template <KvType kType, int kRows>
void mix_rows(const Mixing& job, const KvRow& row, const KvPage& page) {
  int at = 0;
  if constexpr (kRows <= kFourVectors)
    for (; at + 4 * kLanes <= job.width; at += 4 * kLanes)
      mix_block<kType, kRows, 4>(job, row, page, at);
  for (; at + 2 * kLanes <= job.width; at += 2 * kLanes)
    mix_block<kType, kRows, 2>(job, row, page, at);
  if (at < job.width) mix_block<kType, kRows, 1>(job, row, page, at);
}

}  // namespace

void score_turned_avx512(const Scoring& job, const KvRow& row, const KvPage& page) {
  by_kv_type(row.type, [&]<KvType kType> {
    if constexpr (bits_of<kType>() > 8)  // packed keys are never turned
      by_rows(job.rows, [&]<int kRows> { score_channels<kType, kRows>(job, row, page); });
  });
}

void score_page_avx512(const Scoring& job, const KvRow& row, const KvPage& page) {
  by_kv_type(row.type, [&]<KvType kType> {
    by_rows(job.rows, [&]<int kRows> { score_rows<kType, kRows>(job, row, page); });
  });
}

void mix_page_avx512(const Mixing& job, const KvRow& row, const KvPage& page) {
  by_kv_type(row.type, [&]<KvType kType> {
    by_rows(job.rows, [&]<int kRows> { mix_rows<kType, kRows>(job, row, page); });
  });
}

}  // namespace hearth::kernels
