// Products with plain weights with AVX2: sixteen inputs fill two registers.
#include <immintrin.h>

#include "kernels/dense_path.h"

namespace hearth::kernels {

namespace {

constexpr int kHalf = 8;
constexpr int kOutputs = 3;  // whose sums are kept in registers
constexpr int kSubRows = 4;  // rows of x whose sums are kept there beside them

constexpr std::int64_t size_of(WeightType type) {
  return type == WeightType::F32 ? 4 : 2;
}

/// Eight weights.
template <WeightType kType>
[[gnu::always_inline]] inline __m256 load(const std::uint8_t* at) {
  if constexpr (kType == WeightType::F32)
    return _mm256_loadu_ps(reinterpret_cast<const float*>(at));
  const __m128i words = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  if constexpr (kType == WeightType::F16) return _mm256_cvtph_ps(words);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(words), 16));
}

/// The part of a product that one call computes: kRows rows, and both halves of the lanes or one.
struct Part {
  const float* x;       ///< the first row's first lane
  std::int64_t x_step;  ///< floats to the next sixteen inputs
  int first_output;
  int first_lane;
  float* sums;  ///< of the first row and output, first lane
};

/// Adds the products of sixteen inputs, or of half of them.
template <WeightType kType, int kRows, int kHalves>
[[gnu::always_inline]] inline void add_step(const std::uint8_t* const (&w)[kOutputs],
                                            std::int64_t at, const float* x,
                                            __m256 (&sums)[kHalves][kRows][kOutputs]) {
#pragma clang loop unroll(full)
  for (int h = 0; h < kHalves; ++h) {
    __m256 weights[kOutputs];
#pragma clang loop unroll(full)
    for (int o = 0; o < kOutputs; ++o)
      weights[o] = load<kType>(w[o] + at + h * kHalf * size_of(kType));
#pragma clang loop unroll(full)
    for (int m = 0; m < kRows; ++m) {
      const __m256 row = _mm256_loadu_ps(x + m * kDenseLanes + h * kHalf);
#pragma clang loop unroll(full)
      for (int o = 0; o < kOutputs; ++o)
        sums[h][m][o] = _mm256_fmadd_ps(row, weights[o], sums[h][m][o]);
    }
  }
}

/// The last inputs, where they are fewer than sixteen: padded with zeros.
struct Rest {
  alignas(32) std::uint8_t weights[kOutputs][kDenseLanes * sizeof(float)] = {};
};

template <WeightType kType, int kRows, int kHalves>
[[gnu::always_inline]] inline void add_rest(const std::uint8_t* const (&w)[kOutputs],
                                            const DensePanel& panel, const Part& part,
                                            const float* x,
                                            __m256 (&sums)[kHalves][kRows][kOutputs]) {
  const int count = panel.count % kDenseLanes;
  if (count == 0) return;
  const std::int64_t whole = (panel.count - count) * size_of(kType);
  Rest rest;
  const std::uint8_t* padded[kOutputs];
  for (int o = 0; o < kOutputs; ++o) {
    __builtin_memcpy(rest.weights[o], w[o] + whole,
                     static_cast<std::size_t>(count * size_of(kType)));
    padded[o] = rest.weights[o];
  }
  add_step<kType>(padded, part.first_lane * size_of(kType), x, sums);
}

/// All inputs of kOutputs outputs; behind the last output it is repeated.
template <WeightType kType, int kRows, int kHalves>
[[gnu::always_inline]] inline void multiply_some(const DensePanel& panel, const Part& part) {
  constexpr std::int64_t kSize = size_of(kType);
  const std::uint8_t* w[kOutputs];
  for (int o = 0; o < kOutputs; ++o) {
    const int wanted = part.first_output + o;
    const int output = wanted < panel.outputs ? wanted : panel.outputs - 1;
    w[o] = static_cast<const std::uint8_t*>(panel.weights) + output * panel.stride * kSize;
  }
  const auto sums_of = [&](int h, int m, int o) {
    return part.sums + (m * kDensePanel + o) * kDenseLanes + h * kHalf;
  };
  __m256 total[kHalves][kRows][kOutputs];
#pragma clang loop unroll(full)
  for (int h = 0; h < kHalves; ++h)
#pragma clang loop unroll(full)
    for (int m = 0; m < kRows; ++m)
#pragma clang loop unroll(full)
      for (int o = 0; o < kOutputs; ++o)
        total[h][m][o] = panel.more ? _mm256_loadu_ps(sums_of(h, m, o)) : _mm256_setzero_ps();
  const std::int64_t ahead = panel.ahead * kSize;
  const std::int64_t end = panel.count / kDenseLanes * (kDenseLanes * kSize);
  const float* x = part.x;
  for (std::int64_t at = 0; at < end; at += kDenseLanes * kSize) {
    if (ahead != 0)
#pragma clang loop unroll(full)
      for (int o = 0; o < kOutputs; ++o)
        _mm_prefetch(reinterpret_cast<const char*>(w[o] + at + ahead), _MM_HINT_T1);
    add_step<kType>(w, at + part.first_lane * kSize, x, total);
    x += part.x_step;
  }
  add_rest<kType>(w, panel, part, x, total);
#pragma clang loop unroll(full)
  for (int h = 0; h < kHalves; ++h)
#pragma clang loop unroll(full)
    for (int m = 0; m < kRows; ++m)
#pragma clang loop unroll(full)
      for (int o = 0; o < kOutputs; ++o) _mm256_storeu_ps(sums_of(h, m, o), total[h][m][o]);
}

/// Outputs [first, end) for kRows rows from row `from` of the tile on.
struct Range {
  int first;
  int end;
  int from;
};

template <WeightType kType, int kRows>
void multiply_rows(const DensePanel& panel, const Range& range, const DenseTile& x, float* sums) {
  constexpr int kHalves = kRows <= 2 ? 2 : 1;
  const int from = range.from;
  for (int first = range.first; first < range.end; first += kOutputs)
    for (int lane = 0; lane < kDenseLanes; lane += kHalf * kHalves)
      multiply_some<kType, kRows, kHalves>(
          panel, {.x = x.x + from * kDenseLanes + lane,
                  .x_step = std::int64_t{x.rows} * kDenseLanes,
                  .first_output = first,
                  .first_lane = lane,
                  .sums = sums + (from * kDensePanel + first) * kDenseLanes + lane});
}

template <WeightType kType>
void multiply_tile(const DensePanel& panel, Range range, const DenseTile& x, float* sums) {
  for (range.from = 0; range.from < x.rows; range.from += kSubRows) {
    const int rows = x.rows - range.from;
    if (rows == 1)
      multiply_rows<kType, 1>(panel, range, x, sums);
    else if (rows == 2)
      multiply_rows<kType, 2>(panel, range, x, sums);
    else if (rows == 3)
      multiply_rows<kType, 3>(panel, range, x, sums);
    else
      multiply_rows<kType, 4>(panel, range, x, sums);
  }
}

template <WeightType kType>
void multiply_type(const DensePanel& panel, const DenseTile* tiles, int count, float* sums) {
  DensePanel again = panel;
  again.ahead = 0;  // what is asked for has been asked for by the first tile
  for (int first = 0; first < panel.outputs; first += kDenseStep) {
    const int end = first + kDenseStep < panel.outputs ? first + kDenseStep : panel.outputs;
    for (int t = 0; t < count; ++t)
      multiply_tile<kType>(t == 0 ? panel : again, {first, end, 0}, tiles[t], sums + t * kTileSums);
  }
}

void multiply(const DensePanel& panel, const DenseTile* tiles, int count, float* sums) {
  if (panel.type == WeightType::BF16)
    return multiply_type<WeightType::BF16>(panel, tiles, count, sums);
  if (panel.type == WeightType::F16)
    return multiply_type<WeightType::F16>(panel, tiles, count, sums);
  return multiply_type<WeightType::F32>(panel, tiles, count, sums);
}

template <WeightType kType>
void widen_plain(const std::uint8_t* from, int count, float* to) {
  constexpr std::int64_t kSize = size_of(kType);
  int i = 0;
  for (; i + kHalf <= count; i += kHalf) _mm256_storeu_ps(to + i, load<kType>(from + i * kSize));
  const int end = (count + kDenseLanes - 1) / kDenseLanes * kDenseLanes;
  for (; i < end; i += kHalf) {
    alignas(32) std::uint8_t rest[kHalf * sizeof(float)] = {};
    if (i < count)
      __builtin_memcpy(rest, from + i * kSize, static_cast<std::size_t>((count - i) * kSize));
    _mm256_storeu_ps(to + i, load<kType>(rest));
  }
}

[[gnu::always_inline]] inline __m256 from_e4m3(__m256i bits) {
  const __m256i largest = _mm256_set1_epi32(0x7F);
  const __m256i size = _mm256_and_si256(bits, largest);
  const __m256i sign = _mm256_slli_epi32(_mm256_sub_epi32(bits, size), 24);
  const __m256i value = _mm256_castps_si256(
      _mm256_mul_ps(_mm256_castsi256_ps(_mm256_slli_epi32(size, 20)), _mm256_set1_ps(0x1p120F)));
  const __m256i nan = _mm256_cmpeq_epi32(size, largest);
  const __m256i known = _mm256_blendv_epi8(value, _mm256_set1_epi32(0x7FC00000), nan);
  return _mm256_castsi256_ps(_mm256_or_si256(known, sign));
}

inline float from_e8m0(std::uint8_t bits) {
  const std::uint32_t value = bits == 0 ? 0x00400000U : std::uint32_t{bits} << 23U;
  return __builtin_bit_cast(float, bits == 0xFF ? 0x7FC00000U : value);
}

void widen_mxfp8(const DenseView& w, const DenseCut& cut, float* to) {
  const auto* from = static_cast<const std::uint8_t*>(w.data) + cut.row * w.stride + cut.begin;
  const std::uint8_t* scales =
      w.scales + cut.row * w.scale_stride + std::int64_t{cut.begin} / kMxfp8Group;
  for (int i = 0; i < cut.count; i += kHalf) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + i));
    const __m256 scale = _mm256_set1_ps(from_e8m0(scales[i / kMxfp8Group]));
    _mm256_storeu_ps(to + i, _mm256_mul_ps(from_e4m3(_mm256_cvtepu8_epi32(bytes)), scale));
  }
}

void widen(const DenseView& w, const DenseCut& cut, float* to) {
  if (w.type == WeightType::Mxfp8) return widen_mxfp8(w, cut, to);
  const std::int64_t at = (cut.row * w.stride + cut.begin) * size_of(w.type);
  const auto* from = static_cast<const std::uint8_t*>(w.data) + at;
  if (w.type == WeightType::BF16) return widen_plain<WeightType::BF16>(from, cut.count, to);
  if (w.type == WeightType::F16) return widen_plain<WeightType::F16>(from, cut.count, to);
  return widen_plain<WeightType::F32>(from, cut.count, to);
}

/// The upper half added to the lower one, of `a` and of `b`: four lanes each.
[[gnu::always_inline]] inline __m256 to_four(__m256 a, __m256 b) {
  return _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
}

[[gnu::always_inline]] inline __m256 to_two(__m256 a, __m256 b) {
  return _mm256_add_ps(_mm256_shuffle_ps(a, b, 0x44), _mm256_shuffle_ps(a, b, 0xEE));
}

[[gnu::always_inline]] inline __m256 to_one(__m256 a, __m256 b) {
  return _mm256_add_ps(_mm256_shuffle_ps(a, b, 0x88), _mm256_shuffle_ps(a, b, 0xDD));
}

void add_lanes(const float* sums, int count, float* y) {
  for (int first = 0; first < count; first += kHalf) {
    __m256 r[kHalf];
    // In the order that the last two steps turn back.
#pragma clang loop unroll(full)
    for (int i = 0; i < kHalf; ++i) {
      const float* lanes = sums + (first + 4 * (i % 2) + i / 2) * kDenseLanes;
      r[i] = _mm256_add_ps(_mm256_loadu_ps(lanes), _mm256_loadu_ps(lanes + kHalf));
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; ++i) r[i] = to_four(r[2 * i], r[2 * i + 1]);
    const __m256 all = to_one(to_two(r[0], r[1]), to_two(r[2], r[3]));
    if (count - first >= kHalf) {
      _mm256_storeu_ps(y + first, all);
      continue;
    }
    alignas(32) float rest[kHalf];
    _mm256_store_ps(rest, all);
    for (int i = 0; first + i < count; ++i) y[first + i] = rest[i];
  }
}

}  // namespace

const DensePath kDenseAvx2{widen, multiply, add_lanes};

}  // namespace hearth::kernels
