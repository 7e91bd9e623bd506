// Attention with AVX2: eight keys, or eight channels of a value, in the lanes of a register.
#include "kernels/attention_avx2.h"

#include <immintrin.h>

#include "kernels/attention_path.h"
#include "kernels/by_kv_type.h"

namespace hearth::kernels {

namespace {

constexpr int kMostRows = 6;  // queries computed together

/// Lane i of register j becomes lane j of register i.
[[gnu::always_inline]] inline void transpose(__m256 (&r)[kLanes]) {
  __m256 t[kLanes];
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; ++i) {
    t[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < kLanes; i += 4) {
    r[i] = _mm256_shuffle_ps(t[i], t[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], 0xEE);
    r[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], 0xEE);
  }
#pragma clang loop unroll(full)
  for (int c = 0; c < 4; ++c) {
    const __m256 low = _mm256_permute2f128_ps(r[c], r[c + 4], 0x20);
    r[c + 4] = _mm256_permute2f128_ps(r[c], r[c + 4], 0x31);
    r[c] = low;
  }
}

/// 2^n out of the rounded exponent, whose last bits are n.
[[gnu::always_inline]] inline __m256 power_of(__m256 rounded) {
  const __m256i high = _mm256_slli_epi32(_mm256_castps_si256(rounded), 23);
  return _mm256_castsi256_ps(_mm256_add_epi32(high, _mm256_set1_epi32(0x3F800000)));
}

[[gnu::always_inline]] inline __m256 exp_of(__m256 x) {
  const __m256 rounder = _mm256_set1_ps(kRounder);
  const __m256 rounded = _mm256_fmadd_ps(x, _mm256_set1_ps(kLog2E), rounder);
  const __m256 whole = _mm256_sub_ps(rounded, rounder);
  const __m256 high = _mm256_fnmadd_ps(whole, _mm256_set1_ps(kLn2High), x);
  const __m256 rest = _mm256_fnmadd_ps(whole, _mm256_set1_ps(kLn2Low), high);
  __m256 sum = _mm256_set1_ps(kExpFactors[0]);
#pragma clang loop unroll(full)
  for (int i = 1; i < kExpTerms; ++i)
    sum = _mm256_fmadd_ps(sum, rest, _mm256_set1_ps(kExpFactors[i]));
  const __m256 kept = _mm256_cmp_ps(x, _mm256_set1_ps(kLowestExponent), _CMP_NLT_UQ);
  return _mm256_and_ps(kept, _mm256_mul_ps(sum, power_of(rounded)));
}

[[gnu::always_inline]] inline __m256 capped(__m256 score, __m256 cap) {
  const __m256 share = _mm256_div_ps(score, cap);
  const __m256 one = _mm256_set1_ps(1.0F);
  const __m256 minus = _mm256_set1_ps(-0.0F);
  const __m256 size = _mm256_andnot_ps(minus, share);
  const __m256 small = exp_of(_mm256_mul_ps(_mm256_set1_ps(-2.0F), size));
  const __m256 tanh = _mm256_div_ps(_mm256_sub_ps(one, small), _mm256_add_ps(one, small));
  const __m256 sign = _mm256_and_ps(minus, share);
  return _mm256_mul_ps(cap, _mm256_or_ps(sign, _mm256_andnot_ps(minus, tanh)));
}

/// Turned numbers become float32.
template <KvType kType>
void widen(const KvRow& row, const KvPage& page, float* turned) {
  constexpr std::ptrdiff_t kBytes = bytes_of<kType>();
  for (int i = 0; i < row.width; ++i) {
    ask_turned<kType>(page, i);
    for (std::ptrdiff_t at = std::ptrdiff_t{i} * kPageRows; at < (i + 1) * kPageRows; at += kLanes)
      _mm256_storeu_ps(turned + at, load_eight<kType>(page.rows + at * kBytes));
  }
}

template <KvType kType>
void turn_as(const KvRow& row, const KvPage& page, float* turned) {
  if constexpr (bytes_of<kType>() > 0)
    if (row.turned) return widen<kType>(row, page, turned);
  for (int part = 0; part < kPageRows; part += kLanes) {
    for (int key = part; key < part + kLanes; ++key) ask(row, page, key);
    for (int at = 0; at < row.width; at += kLanes) {
      __m256 r[kLanes];
#pragma clang loop unroll(full)
      for (int key = 0; key < kLanes; ++key)
        r[key] = load<kType>(row, page.rows + std::ptrdiff_t{part + key} * row.bytes, at);
      transpose(r);
      const int count = row.width - at < kLanes ? row.width - at : kLanes;
      for (int i = 0; i < count; ++i) _mm256_storeu_ps(turned + (at + i) * kPageRows + part, r[i]);
    }
  }
}

void turn(const KvRow& row, const KvPage& page, float* turned) {
  by_kv_type(row.type, [&]<KvType kType> { turn_as<kType>(row, page, turned); });
}

template <KvType kType>
void unpack_as(const KvRow& row, const KvPage& page, int count, const NumbersTarget& to) {
  for (int key = 0; key < count; ++key) {
    ask(row, page, key);
    for (int at = 0; at < to.stride; at += kLanes) {
      const std::uint8_t* from = page.rows + std::ptrdiff_t{key} * row.bytes;
      const __m256 numbers = at < row.width ? load<kType>(row, from, at) : _mm256_setzero_ps();
      _mm256_storeu_ps(to.numbers + std::ptrdiff_t{key} * to.stride + at, numbers);
    }
  }
}

void unpack(const KvRow& row, const KvPage& page, int count, const NumbersTarget& to) {
  by_kv_type(row.type, [&]<KvType kType> { unpack_as<kType>(row, page, count, to); });
}

/// Queries [first, first + kRows) against sixteen keys of the page.
template <int kRows>
[[gnu::always_inline]] inline void score_keys(const Scoring& job, int first, int key) {
  const float* query = job.queries + std::ptrdiff_t{first} * job.stride;
  __m256 sums[kRows][2] = {};
  for (int i = 0; i < job.width; ++i) {
    const __m256 low = _mm256_loadu_ps(job.keys + i * kPageRows + key);
    const __m256 high = _mm256_loadu_ps(job.keys + i * kPageRows + key + kLanes);
#pragma clang loop unroll(full)
    for (int r = 0; r < kRows; ++r) {
      const __m256 number = _mm256_broadcast_ss(query + std::ptrdiff_t{r} * job.stride + i);
      sums[r][0] = _mm256_fmadd_ps(number, low, sums[r][0]);
      sums[r][1] = _mm256_fmadd_ps(number, high, sums[r][1]);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < kRows; ++r) {
    float* scores = job.scores + std::ptrdiff_t{first + r} * kSpanKeys + key;
    _mm256_storeu_ps(scores, sums[r][0]);
    _mm256_storeu_ps(scores + kLanes, sums[r][1]);
  }
}

template <int kRows>
void score_rows(const Scoring& job, int first) {
  for (int key = 0; key < kPageRows; key += 2 * kLanes) score_keys<kRows>(job, first, key);
}

void score(const Scoring& job) {
  int first = 0;
  for (; first + kMostRows <= job.rows; first += kMostRows) score_rows<kMostRows>(job, first);
  by_rows<kMostRows - 1>(job.rows - first, [&]<int kRows> { score_rows<kRows>(job, first); });
}

/// Sums of sixteen lanes in two registers, halves added to halves.
inline float sum_of(const __m256 (&lanes)[2]) {
  const __m256 eight = _mm256_add_ps(lanes[0], lanes[1]);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}

inline float largest_of(__m256 lanes) {
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(lanes), _mm256_extractf128_ps(lanes, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}

/// Keys [at, at + 8) that the query sees.
[[gnu::always_inline]] inline __m256 seen(const Weighing& job, int at) {
  return _mm256_castsi256_ps(
      _mm256_andnot_si256(first_lanes(job.begin - at), first_lanes(job.end - at)));
}

Peak weigh(const Weighing& job) {
  const __m256 nothing = _mm256_set1_ps(-__builtin_inff());
  __m256 peaks = nothing;
  for (int at = job.from; at < job.to; at += kLanes) {
    __m256 scores = _mm256_loadu_ps(job.scores + at);
    if (job.softcap > 0.0F) scores = capped(scores, _mm256_set1_ps(job.softcap));
    scores = _mm256_blendv_ps(nothing, scores, seen(job, at));
    _mm256_storeu_ps(job.scores + at, scores);
    peaks = _mm256_max_ps(peaks, scores);
  }
  const float largest = largest_of(peaks);
  if (largest == -__builtin_inff()) {
    for (int at = job.from; at < job.to; at += kLanes)
      _mm256_storeu_ps(job.scores + at, _mm256_setzero_ps());
    return {largest, 0.0F};
  }
  __m256 sums[2] = {};
  for (int at = job.from; at < job.to; at += kLanes) {
    const __m256 weights =
        exp_of(_mm256_sub_ps(_mm256_loadu_ps(job.scores + at), _mm256_set1_ps(largest)));
    _mm256_storeu_ps(job.scores + at, weights);
    __m256& sum = sums[at / kLanes % 2];
    sum = _mm256_add_ps(sum, weights);
  }
  return {largest, sum_of(sums)};
}

template <int kRows, int kVectors>
[[gnu::always_inline]] inline void mix_block(const Mixing& job, int first, int at) {
  const float* weights = job.weights + std::ptrdiff_t{first} * kSpanKeys;
  float* mixed = job.mixed + std::ptrdiff_t{first} * job.width + at;
  __m256 sums[kRows][kVectors];
#pragma clang loop unroll(full)
  for (int r = 0; r < kRows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < kVectors; ++v)
      sums[r][v] = _mm256_loadu_ps(mixed + std::ptrdiff_t{r} * job.width + v * kLanes);
  for (int key = 0; key < job.count; ++key) {
    const float* from = job.values + std::ptrdiff_t{key} * job.value_stride + at;
    __m256 value[kVectors];
#pragma clang loop unroll(full)
    for (int v = 0; v < kVectors; ++v) value[v] = _mm256_loadu_ps(from + v * kLanes);
#pragma clang loop unroll(full)
    for (int r = 0; r < kRows; ++r) {
      const __m256 weight = _mm256_broadcast_ss(weights + r * kSpanKeys + key);
#pragma clang loop unroll(full)
      for (int v = 0; v < kVectors; ++v) sums[r][v] = _mm256_fmadd_ps(weight, value[v], sums[r][v]);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < kRows; ++r)
#pragma clang loop unroll(full)
    for (int v = 0; v < kVectors; ++v)
      _mm256_storeu_ps(mixed + std::ptrdiff_t{r} * job.width + v * kLanes, sums[r][v]);
}

template <int kRows>
void mix_rows(const Mixing& job, int first) {
  for (int at = 0; at < job.width; at += 2 * kLanes) mix_block<kRows, 2>(job, first, at);
}

void mix(const Mixing& job) {
  int first = 0;
  for (; first + kMostRows <= job.rows; first += kMostRows) mix_rows<kMostRows>(job, first);
  by_rows<kMostRows - 1>(job.rows - first, [&]<int kRows> { mix_rows<kRows>(job, first); });
}

/// Factors of what was gathered before and of what is added, for up to 8 queries.
struct Factors {
  alignas(32) float kept[kLanes];
  alignas(32) float added[kLanes];
};

inline Factors merge_peaks(const Gathered& to, const Gathered& later, int first, int count) {
  const __m256i wanted = first_lanes(count);
  const __m256 nothing = _mm256_set1_ps(-__builtin_inff());
  const auto load_peaks = [&](const float* from) {
    return _mm256_blendv_ps(nothing, _mm256_maskload_ps(from + first, wanted),
                            _mm256_castsi256_ps(wanted));
  };
  const __m256 old = load_peaks(to.largest);
  const __m256 fresh = load_peaks(later.largest);
  const __m256 largest = _mm256_max_ps(old, fresh);
  const __m256 origin = _mm256_andnot_ps(_mm256_cmp_ps(largest, nothing, _CMP_EQ_OQ), largest);
  const __m256 kept = exp_of(_mm256_sub_ps(old, origin));
  const __m256 added = exp_of(_mm256_sub_ps(fresh, origin));
  const __m256 before = _mm256_mul_ps(_mm256_maskload_ps(to.sums + first, wanted), kept);
  const __m256 more = _mm256_maskload_ps(later.sums + first, wanted);
  _mm256_maskstore_ps(to.largest + first, wanted, largest);
  _mm256_maskstore_ps(to.sums + first, wanted, _mm256_fmadd_ps(more, added, before));
  Factors factors;
  _mm256_store_ps(factors.kept, kept);
  _mm256_store_ps(factors.added, added);
  return factors;
}

void merge(const Gathered& to, const Gathered& later, int rows, int width) {
  for (int first = 0; first < rows; first += kLanes) {
    const int count = rows - first < kLanes ? rows - first : kLanes;
    const Factors factors = merge_peaks(to, later, first, count);
    for (int r = 0; r < count; ++r) {
      float* mixed = to.mixed + std::ptrdiff_t{first + r} * width;
      const float* more = later.mixed + std::ptrdiff_t{first + r} * width;
      const __m256 kept = _mm256_set1_ps(factors.kept[r]);
      const __m256 added = _mm256_set1_ps(factors.added[r]);
      for (int at = 0; at < width; at += kLanes) {
        const __m256 before = _mm256_mul_ps(_mm256_loadu_ps(mixed + at), kept);
        _mm256_storeu_ps(mixed + at, _mm256_fmadd_ps(_mm256_loadu_ps(more + at), added, before));
      }
    }
  }
}

__m128i rounded(__m256 number) {
  const __m256 most = _mm256_set1_ps(kLargestF16);
  const __m256 least = _mm256_set1_ps(-kLargestF16);
  // Of a NaN and a number these take the second one: NaN stays.
  const __m256 held = _mm256_max_ps(least, _mm256_min_ps(most, number));
  const __m128i half = _mm256_cvtps_ph(held, _MM_FROUND_TO_NEAREST_INT);
  const __m128i size = _mm_and_si128(half, _mm_set1_epi16(0x7FFF));
  const __m128i nan = _mm_cmpgt_epi16(size, _mm_set1_epi16(0x7C00));
  return _mm_andnot_si128(_mm_and_si128(nan, _mm_set1_epi16(0x01FF)), half);
}

void to_f16(const float* numbers, int count, std::uint16_t* to) {
  int i = 0;
  for (; i + kLanes <= count; i += kLanes)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + i), rounded(_mm256_loadu_ps(numbers + i)));
  if (i == count) return;
  alignas(32) float last[kLanes] = {};
  alignas(16) std::uint16_t rest[kLanes];
  for (int j = 0; i + j < count; ++j) last[j] = numbers[i + j];
  _mm_store_si128(reinterpret_cast<__m128i*>(rest), rounded(_mm256_load_ps(last)));
  for (int j = 0; i + j < count; ++j) to[i + j] = rest[j];
}

}  // namespace

const AttentionPath kAttentionAvx2{turn,    unpack,        score, weigh, mix, score_turned_avx2,
                                   nullptr, mix_page_avx2, merge, to_f16};

}  // namespace hearth::kernels
