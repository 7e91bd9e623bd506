// Products with plain weights with AVX-512: sixteen inputs fill a register.
#include <immintrin.h>

#include "kernels/dense_path.h"

namespace hearth::kernels {

namespace {

constexpr __mmask16 kAll = 0xFFFF;

/// The outputs whose sums are kept in registers beside those of `rows` rows: few where memory
/// decides, so that it is read in few streams; else as many as fit.
constexpr int outputs_of(int rows) {
  if (rows <= 3) return 4;
  if (rows == 4) return 6;
  return rows <= 6 ? 4 : 3;
}

constexpr std::int64_t size_of(WeightType type) {
  return type == WeightType::F32 ? 4 : 2;
}

constexpr __mmask16 first_lanes(int count) {
  return static_cast<__mmask16>((1U << count) - 1U);
}

/// Sixteen weights, those of `wanted`; the others are 0.
template <WeightType kType>
[[gnu::always_inline]] inline __m512 load(const std::uint8_t* at, __mmask16 wanted) {
  if constexpr (kType == WeightType::F32) return _mm512_maskz_loadu_ps(wanted, at);
  const __m256i words = _mm256_maskz_loadu_epi16(wanted, at);
  if constexpr (kType == WeightType::F16) return _mm512_cvtph_ps(words);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(words), 16));
}

/// Adds the products of sixteen inputs.
template <WeightType kType, int kRows, int kOutputs>
[[gnu::always_inline]] inline void add_step(const std::uint8_t* const (&w)[kOutputs],
                                            std::int64_t at, __mmask16 wanted, const float* x,
                                            __m512 (&sums)[kRows][kOutputs]) {
  __m512 weights[kOutputs];
#pragma clang loop unroll(full)
  for (int o = 0; o < kOutputs; ++o) weights[o] = load<kType>(w[o] + at, wanted);
#pragma clang loop unroll(full)
  for (int m = 0; m < kRows; ++m) {
    const __m512 row = _mm512_load_ps(x + m * kDenseLanes);
#pragma clang loop unroll(full)
    for (int o = 0; o < kOutputs; ++o) sums[m][o] = _mm512_fmadd_ps(row, weights[o], sums[m][o]);
  }
}

/// All inputs of kOutputs outputs from `first` on; behind the last output it is repeated.
template <WeightType kType, int kRows, int kOutputs>
[[gnu::always_inline]] inline void multiply_some(const DensePanel& panel, int first, const float* x,
                                                 float* sums) {
  constexpr std::int64_t kSize = size_of(kType);
  const std::uint8_t* w[kOutputs];
  for (int o = 0; o < kOutputs; ++o) {
    const int output = first + o < panel.outputs ? first + o : panel.outputs - 1;
    w[o] = static_cast<const std::uint8_t*>(panel.weights) + output * panel.stride * kSize;
  }
  __m512 total[kRows][kOutputs];
#pragma clang loop unroll(full)
  for (int m = 0; m < kRows; ++m)
#pragma clang loop unroll(full)
    for (int o = 0; o < kOutputs; ++o) {
      const float* from = sums + (m * kDensePanel + o) * kDenseLanes;
      total[m][o] = panel.more ? _mm512_load_ps(from) : _mm512_setzero_ps();
    }
  const std::int64_t ahead = panel.ahead * kSize;
  const std::int64_t whole = panel.count / kDenseLanes * (kDenseLanes * kSize);
  for (std::int64_t at = 0; at < whole; at += kDenseLanes * kSize) {
    if (ahead != 0)
#pragma clang loop unroll(full)
      for (int o = 0; o < kOutputs; ++o)
        _mm_prefetch(reinterpret_cast<const char*>(w[o] + at + ahead), _MM_HINT_T1);
    add_step<kType>(w, at, kAll, x, total);
    x += kRows * kDenseLanes;
  }
  const int rest = panel.count % kDenseLanes;
  if (rest != 0) add_step<kType>(w, whole, first_lanes(rest), x, total);
#pragma clang loop unroll(full)
  for (int m = 0; m < kRows; ++m)
#pragma clang loop unroll(full)
    for (int o = 0; o < kOutputs; ++o)
      _mm512_store_ps(sums + (m * kDensePanel + o) * kDenseLanes, total[m][o]);
}

/// kDenseStep outputs from `from` on.
template <WeightType kType, int kRows>
void multiply_rows(const DensePanel& panel, int from, const float* x, float* sums) {
  constexpr int kOutputs = outputs_of(kRows);
  const int end = from + kDenseStep < panel.outputs ? from + kDenseStep : panel.outputs;
  for (int first = from; first < end; first += kOutputs)
    multiply_some<kType, kRows, kOutputs>(panel, first, x, sums + first * kDenseLanes);
}

template <WeightType kType>
void multiply_tile(const DensePanel& panel, int from, const DenseTile& x, float* sums) {
  switch (x.rows) {
    case 1:
      return multiply_rows<kType, 1>(panel, from, x.x, sums);
    case 2:
      return multiply_rows<kType, 2>(panel, from, x.x, sums);
    case 3:
      return multiply_rows<kType, 3>(panel, from, x.x, sums);
    case 4:
      return multiply_rows<kType, 4>(panel, from, x.x, sums);
    case 5:
      return multiply_rows<kType, 5>(panel, from, x.x, sums);
    case 6:
      return multiply_rows<kType, 6>(panel, from, x.x, sums);
    case 7:
      return multiply_rows<kType, 7>(panel, from, x.x, sums);
    default:
      return multiply_rows<kType, 8>(panel, from, x.x, sums);
  }
}

template <WeightType kType>
void multiply_type(const DensePanel& panel, const DenseTile* tiles, int count, float* sums) {
  DensePanel again = panel;
  again.ahead = 0;  // what is asked for has been asked for by the first tile
  for (int from = 0; from < panel.outputs; from += kDenseStep)
    for (int t = 0; t < count; ++t)
      multiply_tile<kType>(t == 0 ? panel : again, from, tiles[t], sums + t * kTileSums);
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
  for (int i = 0; i < count; i += kDenseLanes) {
    const int left = count - i;
    const __mmask16 wanted = left < kDenseLanes ? first_lanes(left) : kAll;
    _mm512_storeu_ps(to + i, load<kType>(from + i * size_of(kType), wanted));
  }
}

[[gnu::always_inline]] inline __m512 from_e4m3(__m512i bits) {
  const __m512i size = _mm512_and_si512(bits, _mm512_set1_epi32(0x7F));
  const __m512i sign = _mm512_slli_epi32(_mm512_sub_epi32(bits, size), 24);
  const __m512 value =
      _mm512_mul_ps(_mm512_castsi512_ps(_mm512_slli_epi32(size, 20)), _mm512_set1_ps(0x1p120F));
  const __mmask16 nan = _mm512_cmpeq_epi32_mask(size, _mm512_set1_epi32(0x7F));
  const __m512i known =
      _mm512_mask_mov_epi32(_mm512_castps_si512(value), nan, _mm512_set1_epi32(0x7FC00000));
  return _mm512_castsi512_ps(_mm512_or_si512(known, sign));
}

inline float from_e8m0(std::uint8_t bits) {
  const std::uint32_t value = bits == 0 ? 0x00400000U : std::uint32_t{bits} << 23U;
  return __builtin_bit_cast(float, bits == 0xFF ? 0x7FC00000U : value);
}

void widen_mxfp8(const DenseView& w, const DenseCut& cut, float* to) {
  const auto* from = static_cast<const std::uint8_t*>(w.data) + cut.row * w.stride + cut.begin;
  const std::uint8_t* scales =
      w.scales + cut.row * w.scale_stride + std::int64_t{cut.begin} / kMxfp8Group;
  for (int i = 0; i < cut.count; i += kDenseLanes) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i));
    const __m512 scale = _mm512_set1_ps(from_e8m0(scales[i / kMxfp8Group]));
    _mm512_storeu_ps(to + i, _mm512_mul_ps(from_e4m3(_mm512_cvtepu8_epi32(bytes)), scale));
    _mm_prefetch(reinterpret_cast<const char*>(from + i + w.stride * kDenseStep), _MM_HINT_T1);
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

/// The upper half added to the lower one, of `a` and of `b`: eight lanes each.
[[gnu::always_inline]] inline __m512 to_eight(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xEE));
}

[[gnu::always_inline]] inline __m512 to_four(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x88), _mm512_shuffle_f32x4(a, b, 0xDD));
}

[[gnu::always_inline]] inline __m512 to_two(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x44), _mm512_shuffle_ps(a, b, 0xEE));
}

[[gnu::always_inline]] inline __m512 to_one(__m512 a, __m512 b) {
  return _mm512_add_ps(_mm512_shuffle_ps(a, b, 0x88), _mm512_shuffle_ps(a, b, 0xDD));
}

void add_lanes(const float* sums, int count, float* y) {
  for (int first = 0; first < count; first += kDenseLanes) {
    __m512 r[kDenseLanes];
    // In the order that the last two steps turn back.
#pragma clang loop unroll(full)
    for (int i = 0; i < kDenseLanes; ++i)
      r[i] = _mm512_load_ps(sums + (first + 4 * (i % 4) + i / 4) * kDenseLanes);
#pragma clang loop unroll(full)
    for (int i = 0; i < 8; ++i) r[i] = to_eight(r[2 * i], r[2 * i + 1]);
#pragma clang loop unroll(full)
    for (int i = 0; i < 4; ++i) r[i] = to_four(r[2 * i], r[2 * i + 1]);
    const __m512 all = to_one(to_two(r[0], r[1]), to_two(r[2], r[3]));
    const int left = count - first;
    _mm512_mask_storeu_ps(y + first, left < kDenseLanes ? first_lanes(left) : kAll, all);
  }
}

}  // namespace

const DensePath kDenseAvx512{widen, multiply, add_lanes};

}  // namespace hearth::kernels
