// Attention with AVX-512: sixteen keys, or sixteen channels of a value, in the lanes of a register.
#include "kernels/attention_avx512.h"

#include <immintrin.h>

#include "kernels/attention_path.h"
#include "kernels/by_kv_type.h"

namespace hearth::kernels {

namespace {

constexpr int kMostRows = 8;  // queries computed together
constexpr int kFewRows = 4;   // up to so many take four registers of a value at a time

/// 2^n out of the rounded exponent, whose last bits are n.
[[gnu::always_inline]] inline __m512 power_of(__m512 rounded) {
  const __m512i high = _mm512_slli_epi32(_mm512_castps_si512(rounded), 23);
  return _mm512_castsi512_ps(_mm512_add_epi32(high, _mm512_set1_epi32(0x3F800000)));
}

[[gnu::always_inline]] inline __m512 exp_of(__m512 x) {
  const __m512 rounder = _mm512_set1_ps(kRounder);
  const __m512 rounded = _mm512_fmadd_ps(x, _mm512_set1_ps(kLog2E), rounder);
  const __m512 whole = _mm512_sub_ps(rounded, rounder);
  const __m512 high = _mm512_fnmadd_ps(whole, _mm512_set1_ps(kLn2High), x);
  const __m512 rest = _mm512_fnmadd_ps(whole, _mm512_set1_ps(kLn2Low), high);
  __m512 sum = _mm512_set1_ps(kExpFactors[0]);
#pragma clang loop unroll(full)
  for (int i = 1; i < kExpTerms; ++i)
    sum = _mm512_fmadd_ps(sum, rest, _mm512_set1_ps(kExpFactors[i]));
  const __mmask16 kept = _mm512_cmp_ps_mask(x, _mm512_set1_ps(kLowestExponent), _CMP_NLT_UQ);
  return _mm512_maskz_mul_ps(kept, sum, power_of(rounded));
}

[[gnu::always_inline]] inline __m512 capped(__m512 score, __m512 cap) {
  const __m512 share = _mm512_div_ps(score, cap);
  const __m512 one = _mm512_set1_ps(1.0F);
  const __m512 small = exp_of(_mm512_mul_ps(_mm512_set1_ps(-2.0F), _mm512_abs_ps(share)));
  const __m512 tanh = _mm512_div_ps(_mm512_sub_ps(one, small), _mm512_add_ps(one, small));
  const __m512i sign = _mm512_and_si512(_mm512_castps_si512(share),
                                        _mm512_set1_epi32(static_cast<int>(0x80000000U)));
  const __m512i size = _mm512_andnot_si512(_mm512_set1_epi32(static_cast<int>(0x80000000U)),
                                           _mm512_castps_si512(tanh));
  return _mm512_mul_ps(cap, _mm512_castsi512_ps(_mm512_or_si512(sign, size)));
}

/// Turned numbers become float32.
template <KvType kType>
void widen_as(const KvRow& row, const KvPage& page, float* turned) {
  constexpr std::ptrdiff_t kBytes = kLanes * bits_of<kType>() / 8;
  for (int i = 0; i < row.width; ++i) {
    const std::ptrdiff_t begin = 2 * kBytes * i;
    ask_turned<kType>(page, begin);
    float* to = turned + std::ptrdiff_t{i} * kPageRows;
    _mm512_storeu_ps(to, load_sixteen<kType>(page.rows + begin));
    _mm512_storeu_ps(to + kLanes, load_sixteen<kType>(page.rows + begin + kBytes));
  }
}

template <KvType kType>
void turn_as(const KvRow& row, const KvPage& page, float* turned) {
  if constexpr (bits_of<kType>() > 8)
    if (row.turned) return widen_as<kType>(row, page, turned);
  for (int half = 0; half < kPageRows; half += kLanes)
    for (int at = 0; at < row.width; at += kLanes) {
      __m512i r[kLanes];
      load_turned<kType>(row, page, half, at, r);
      const int count = row.width - at < kLanes ? row.width - at : kLanes;
      for (int i = 0; i < count; ++i)
        _mm512_storeu_si512(turned + (at + i) * kPageRows + half, r[i]);
    }
}

void turn(const KvRow& row, const KvPage& page, float* turned) {
  by_kv_type(row.type, [&]<KvType kType> { turn_as<kType>(row, page, turned); });
}

template <KvType kType>
void unpack_as(const KvRow& row, const KvPage& page, int count, const NumbersTarget& to) {
  for (int key = 0; key < count; ++key) {
    const std::ptrdiff_t begin = std::ptrdiff_t{key} * row.bytes;
    for (int at = 0; at < to.stride; at += kLanes) {
      const __m512 numbers =
          at < row.width ? load<kType>(row, page.rows + begin, at) : _mm512_setzero_ps();
      _mm512_storeu_ps(to.numbers + std::ptrdiff_t{key} * to.stride + at, numbers);
      ask<kType>(page, begin, at);
    }
  }
}

void unpack(const KvRow& row, const KvPage& page, int count, const NumbersTarget& to) {
  by_kv_type(row.type, [&]<KvType kType> { unpack_as<kType>(row, page, count, to); });
}

template <int kRows>
[[gnu::always_inline]] inline void score_rows(const Scoring& job, int first) {
  const float* query = job.queries + std::ptrdiff_t{first} * job.stride;
  __m512 sums[kRows][2] = {};
  for (int i = 0; i < job.width; ++i) {
    const __m512 low = _mm512_loadu_ps(job.keys + i * kPageRows);
    const __m512 high = _mm512_loadu_ps(job.keys + i * kPageRows + kLanes);
#pragma clang loop unroll(full)
    for (int r = 0; r < kRows; ++r) {
      const __m512 number = _mm512_set1_ps(query[std::ptrdiff_t{r} * job.stride + i]);
      sums[r][0] = _mm512_fmadd_ps(number, low, sums[r][0]);
      sums[r][1] = _mm512_fmadd_ps(number, high, sums[r][1]);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < kRows; ++r) {
    float* scores = job.scores + std::ptrdiff_t{first + r} * kSpanKeys;
    _mm512_storeu_ps(scores, sums[r][0]);
    _mm512_storeu_ps(scores + kLanes, sums[r][1]);
  }
}

void score(const Scoring& job) {
  int first = 0;
  for (; first + kMostRows <= job.rows; first += kMostRows) score_rows<kMostRows>(job, first);
  by_rows<kMostRows - 1>(job.rows - first, [&]<int kRows> { score_rows<kRows>(job, first); });
}

/// Sums of the lanes, halves added to halves.
inline float sum_of(__m512 lanes) {
  const __m256 eight =
      _mm256_add_ps(_mm512_castps512_ps256(lanes), _mm512_extractf32x8_ps(lanes, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

/// Keys [at, at + 16) that the query sees.
inline __mmask16 seen(const Weighing& job, int at) {
  const int begin = job.begin > at ? job.begin - at : 0;
  const int end = job.end > at ? job.end - at : 0;
  return static_cast<__mmask16>(first_lanes(end) & ~first_lanes(begin));
}

Peak weigh(const Weighing& job) {
  const __m512 nothing = _mm512_set1_ps(-__builtin_inff());
  __m512 peaks = nothing;
  for (int at = job.from; at < job.to; at += kLanes) {
    __m512 scores = _mm512_loadu_ps(job.scores + at);
    if (job.softcap > 0.0F) scores = capped(scores, _mm512_set1_ps(job.softcap));
    scores = _mm512_mask_mov_ps(nothing, seen(job, at), scores);
    _mm512_storeu_ps(job.scores + at, scores);
    peaks = _mm512_max_ps(peaks, scores);
  }
  const float largest = _mm512_reduce_max_ps(peaks);
  if (largest == -__builtin_inff()) {
    for (int at = job.from; at < job.to; at += kLanes)
      _mm512_storeu_ps(job.scores + at, _mm512_setzero_ps());
    return {largest, 0.0F};
  }
  __m512 sums = _mm512_setzero_ps();
  for (int at = job.from; at < job.to; at += kLanes) {
    const __m512 weights =
        exp_of(_mm512_sub_ps(_mm512_loadu_ps(job.scores + at), _mm512_set1_ps(largest)));
    _mm512_storeu_ps(job.scores + at, weights);
    sums = _mm512_add_ps(sums, weights);
  }
  return {largest, sum_of(sums)};
}

template <int kRows, int kVectors>
[[gnu::always_inline]] inline void mix_block(const Mixing& job, int first, int at) {
  const float* weights = job.weights + std::ptrdiff_t{first} * kSpanKeys;
  float* mixed = job.mixed + std::ptrdiff_t{first} * job.width + at;
  __m512 sums[kRows][kVectors];
#pragma clang loop unroll(full)
  for (int r = 0; r < kRows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < kVectors; ++v)
      sums[r][v] = _mm512_loadu_ps(mixed + std::ptrdiff_t{r} * job.width + v * kLanes);
  for (int key = 0; key < job.count; ++key) {
    const float* from = job.values + std::ptrdiff_t{key} * job.value_stride + at;
    __m512 value[kVectors];
#pragma clang loop unroll(full)
    for (int v = 0; v < kVectors; ++v) value[v] = _mm512_loadu_ps(from + v * kLanes);
#pragma clang loop unroll(full)
    for (int r = 0; r < kRows; ++r) {
      const __m512 weight = _mm512_set1_ps(weights[r * kSpanKeys + key]);
#pragma clang loop unroll(full)
      for (int v = 0; v < kVectors; ++v) sums[r][v] = _mm512_fmadd_ps(weight, value[v], sums[r][v]);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < kRows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < kVectors; ++v)
      _mm512_storeu_ps(mixed + std::ptrdiff_t{r} * job.width + v * kLanes, sums[r][v]);
}

template <int kRows>
[[gnu::always_inline]] inline void mix_rows(const Mixing& job, int first) {
  int at = 0;
  if constexpr (kRows <= kFewRows)
    for (; at + 4 * kLanes <= job.width; at += 4 * kLanes) mix_block<kRows, 4>(job, first, at);
  for (; at + 2 * kLanes <= job.width; at += 2 * kLanes) mix_block<kRows, 2>(job, first, at);
  if (at < job.width) mix_block<kRows, 1>(job, first, at);
}

void mix(const Mixing& job) {
  int first = 0;
  for (; first + kMostRows <= job.rows; first += kMostRows) mix_rows<kMostRows>(job, first);
  by_rows<kMostRows - 1>(job.rows - first, [&]<int kRows> { mix_rows<kRows>(job, first); });
}

/// Factors of what was gathered before and of what is added, for up to 16 queries.
struct Factors {
  alignas(64) float kept[kLanes];
  alignas(64) float added[kLanes];
};

inline Factors merge_peaks(const Gathered& to, const Gathered& later, int first, int count) {
  const __mmask16 wanted = first_lanes(count);
  const __m512 nothing = _mm512_set1_ps(-__builtin_inff());
  const __m512 old = _mm512_mask_loadu_ps(nothing, wanted, to.largest + first);
  const __m512 fresh = _mm512_mask_loadu_ps(nothing, wanted, later.largest + first);
  const __m512 largest = _mm512_max_ps(old, fresh);
  const __mmask16 none = _mm512_cmp_ps_mask(largest, nothing, _CMP_EQ_OQ);
  const __m512 origin = _mm512_mask_mov_ps(largest, none, _mm512_setzero_ps());
  const __m512 kept = exp_of(_mm512_sub_ps(old, origin));
  const __m512 added = exp_of(_mm512_sub_ps(fresh, origin));
  const __m512 before = _mm512_mul_ps(_mm512_maskz_loadu_ps(wanted, to.sums + first), kept);
  const __m512 more = _mm512_maskz_loadu_ps(wanted, later.sums + first);
  _mm512_mask_storeu_ps(to.largest + first, wanted, largest);
  _mm512_mask_storeu_ps(to.sums + first, wanted, _mm512_fmadd_ps(more, added, before));
  Factors factors;
  _mm512_store_ps(factors.kept, kept);
  _mm512_store_ps(factors.added, added);
  return factors;
}

void merge(const Gathered& to, const Gathered& later, int rows, int width) {
  for (int first = 0; first < rows; first += kLanes) {
    const int count = rows - first < kLanes ? rows - first : kLanes;
    const Factors factors = merge_peaks(to, later, first, count);
    for (int r = 0; r < count; ++r) {
      float* mixed = to.mixed + std::ptrdiff_t{first + r} * width;
      const float* more = later.mixed + std::ptrdiff_t{first + r} * width;
      const __m512 kept = _mm512_set1_ps(factors.kept[r]);
      const __m512 added = _mm512_set1_ps(factors.added[r]);
      for (int at = 0; at < width; at += kLanes) {
        const __m512 before = _mm512_mul_ps(_mm512_loadu_ps(mixed + at), kept);
        _mm512_storeu_ps(mixed + at, _mm512_fmadd_ps(_mm512_loadu_ps(more + at), added, before));
      }
    }
  }
}

void to_f16(const float* numbers, int count, std::uint16_t* to) {
  const __m512 most = _mm512_set1_ps(kLargestF16);
  const __m512 least = _mm512_set1_ps(-kLargestF16);
  for (int i = 0; i < count; i += kLanes) {
    const auto here = static_cast<__mmask16>(count - i < kLanes ? (1U << (count - i)) - 1U : ~0U);
    const __m512 number = _mm512_maskz_loadu_ps(here, numbers + i);
    // Of a NaN and a number these take the second one: NaN stays.
    const __m512 held = _mm512_max_ps(least, _mm512_min_ps(most, number));
    const __m256i half = _mm512_cvtps_ph(held, _MM_FROUND_TO_NEAREST_INT);
    const __mmask16 nan = _mm512_cmp_ps_mask(number, number, _CMP_UNORD_Q);
    const __m256i plain = _mm256_and_si256(half, _mm256_set1_epi16(static_cast<short>(0xFE00)));
    _mm256_mask_storeu_epi16(to + i, here, _mm256_mask_blend_epi16(nan, half, plain));
  }
}

}  // namespace

const AttentionPath kAttentionAvx512{
    turn,  unpack, score, weigh, mix, score_turned_avx512, score_page_avx512, mix_page_avx512,
    merge, to_f16};

}  // namespace hearth::kernels
