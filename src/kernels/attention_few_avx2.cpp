// Attention of few queries with AVX2: keys and values go from their page to the sums in one go.
#include <immintrin.h>

#include "kernels/attention_avx2.h"
#include "kernels/by_kv_type.h"

namespace hearth::kernels {

namespace {

// Registers of keys or values that `rows` queries take at a time, so that all sums stay in
// registers.
constexpr int vectors_for(int rows) {
  if (rows <= 2) return 4;
  return rows <= 6 ? 2 : 1;
}

/// Keys [first, first + kVectors * 8), which lie channel by channel.
template <KvType kType, int kRows, int kVectors>
[[gnu::always_inline]] inline void score_keys(const Scoring& job, const KvRow& row,
                                              const KvPage& page, int first) {
  constexpr std::ptrdiff_t kBytes = bytes_of<kType>();
  __m256 sums[kRows][kVectors] = {};
  for (int i = 0; i < row.width; ++i) {
    const std::uint8_t* from = page.rows + (std::ptrdiff_t{i} * kPageRows + first) * kBytes;
    if (first == 0) ask_turned<kType>(page, i);
    __m256 keys[kVectors];
#pragma clang loop unroll(full)
    for (int v = 0; v < kVectors; ++v) keys[v] = load_eight<kType>(from + v * kLanes * kBytes);
#pragma clang loop unroll(full)
    for (int r = 0; r < kRows; ++r) {
      const __m256 number = _mm256_broadcast_ss(job.queries + r * job.stride + i);
#pragma clang loop unroll(full)
      for (int v = 0; v < kVectors; ++v) sums[r][v] = _mm256_fmadd_ps(number, keys[v], sums[r][v]);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < kRows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < kVectors; ++v)
      _mm256_storeu_ps(job.scores + r * kSpanKeys + first + v * kLanes, sums[r][v]);
}

template <KvType kType, int kRows>
void score_rows(const Scoring& job, const KvRow& row, const KvPage& page) {
  constexpr int kVectors = vectors_for(kRows);
  for (int first = 0; first < kPageRows; first += kVectors * kLanes)
    score_keys<kType, kRows, kVectors>(job, row, page, first);
}

template <KvType kType, int kRows, int kVectors>
[[gnu::always_inline]] inline void mix_block(const Mixing& job, const KvRow& row,
                                             const KvPage& page, int at) {
  __m256 sums[kRows][kVectors];
#pragma clang loop unroll(full)
  for (int r = 0; r < kRows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < kVectors; ++v)
      sums[r][v] = _mm256_loadu_ps(job.mixed + r * job.width + at + v * kLanes);
  for (int key = 0; key < job.count; ++key) {
    if (at == 0) ask(row, page, key);
    __m256 value[kVectors];
#pragma clang loop unroll(full)
    for (int v = 0; v < kVectors; ++v)
      value[v] =
          at + v * kLanes < row.width
              ? load<kType>(row, page.rows + std::ptrdiff_t{key} * row.bytes, at + v * kLanes)
              : _mm256_setzero_ps();
#pragma clang loop unroll(full)
    for (int r = 0; r < kRows; ++r) {
      const __m256 weight = _mm256_broadcast_ss(job.weights + r * kSpanKeys + key);
#pragma clang loop unroll(full)
      for (int v = 0; v < kVectors; ++v) sums[r][v] = _mm256_fmadd_ps(weight, value[v], sums[r][v]);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < kRows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < kVectors; ++v)
      _mm256_storeu_ps(job.mixed + r * job.width + at + v * kLanes, sums[r][v]);
}

template <KvType kType, int kRows>
void mix_rows(const Mixing& job, const KvRow& row, const KvPage& page) {
  constexpr int kVectors = vectors_for(kRows);
  int at = 0;
  for (; at + kVectors * kLanes <= job.width; at += kVectors * kLanes)
    mix_block<kType, kRows, kVectors>(job, row, page, at);
  for (; at < job.width; at += kLanes) mix_block<kType, kRows, 1>(job, row, page, at);
}

}  // namespace

void score_turned_avx2(const Scoring& job, const KvRow& row, const KvPage& page) {
  by_kv_type(row.type, [&]<KvType kType> {
    if constexpr (bytes_of<kType>() > 0)  // packed keys are never turned
      by_rows(job.rows, [&]<int kRows> { score_rows<kType, kRows>(job, row, page); });
  });
}

void mix_page_avx2(const Mixing& job, const KvRow& row, const KvPage& page) {
  by_kv_type(row.type, [&]<KvType kType> {
    by_rows(job.rows, [&]<int kRows> { mix_rows<kType, kRows>(job, row, page); });
  });
}

}  // namespace hearth::kernels
