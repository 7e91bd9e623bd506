// What the units of attention with AVX2 share. Only they include it: it needs their flags, and all
// of it stays inside each of them.
#pragma once

#include <immintrin.h>

#include "kernels/attention_path.h"
#include "kernels/kv_group.h"

namespace hearth::kernels {

/// The path's `score_turned` and `mix_page` (attention_path.h).
void score_turned_avx2(const Scoring& job, const KvRow& row, const KvPage& page);
void mix_page_avx2(const Mixing& job, const KvRow& row, const KvPage& page);

namespace {

constexpr int kLanes = 8;
constexpr int kLineBytes = 64;

/// All bits of the first `count` of eight lanes; of all where there are more.
[[gnu::always_inline]] inline __m256i first_lanes(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/// Up to eight numbers of 16 bits.
[[gnu::always_inline]] inline __m128i load_16_bits(int count, const std::uint8_t* from) {
  if (count >= kLanes) return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  alignas(16) std::uint16_t some[kLanes] = {};
  for (int i = 0; i < count; ++i) __builtin_memcpy(some + i, from + std::ptrdiff_t{i} * 2, 2);
  return _mm_load_si128(reinterpret_cast<const __m128i*>(some));
}

/// Eight codes of a packed row as numbers.
template <KvType kType>
[[gnu::always_inline]] inline __m256 codes_at(const std::uint8_t* from, int at) {
  if constexpr (kType == KvType::Bits8) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + at));
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes));
  }
  int word = 0;
  __builtin_memcpy(&word, from + at / 2, sizeof word);
  const __m128i pairs = _mm_cvtsi32_si128(word);
  const __m128i low = _mm_and_si128(pairs, _mm_set1_epi8(15));
  const __m128i high = _mm_and_si128(_mm_srli_epi16(pairs, 4), _mm_set1_epi8(15));
  return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_unpacklo_epi8(low, high)));
}

/// Numbers [at, at + 8) of a packed row, before those behind the width are taken away.
template <KvType kType>
[[gnu::always_inline]] inline __m256 load_packed(const KvRow& row, const std::uint8_t* from,
                                                 int at) {
  const GroupLine line = group_line(row, from, at);
  const __m256 scaled = _mm256_mul_ps(_mm256_set1_ps(line.scale), codes_at<kType>(from, at));
  return _mm256_add_ps(scaled, _mm256_set1_ps(line.bias));
}

/// Bytes of a number that is not packed, else 0.
template <KvType kType>
constexpr int bytes_of() {
  if (kType == KvType::Bits8 || kType == KvType::Bits4) return 0;
  return kType == KvType::F32 ? 4 : 2;
}

/// Eight numbers that are not packed.
template <KvType kType>
[[gnu::always_inline]] inline __m256 load_eight(const std::uint8_t* from) {
  if constexpr (kType == KvType::F32) return _mm256_loadu_ps(reinterpret_cast<const float*>(from));
  const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  if constexpr (kType == KvType::F16) return _mm256_cvtph_ps(bits);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}

/// Numbers [at, at + 8) of a row; 0 behind the width, which is larger than `at`.
template <KvType kType>
[[gnu::always_inline]] inline __m256 load(const KvRow& row, const std::uint8_t* from, int at) {
  const __m256i wanted = first_lanes(row.width - at);
  if constexpr (kType == KvType::F32) {
    return _mm256_maskload_ps(reinterpret_cast<const float*>(from + std::ptrdiff_t{at} * 4),
                              wanted);
  } else if constexpr (kType == KvType::Bits8 || kType == KvType::Bits4) {
    return _mm256_and_ps(_mm256_castsi256_ps(wanted), load_packed<kType>(row, from, at));
  } else {
    const __m128i bits = load_16_bits(row.width - at, from + std::ptrdiff_t{at} * 2);
    if constexpr (kType == KvType::F16) return _mm256_cvtph_ps(bits);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
  }
}

/// Asks for a line of memory. Into the second-level cache: those of a page are more than the first
/// one can wait for.
[[gnu::always_inline]] inline void ask_for(const std::uint8_t* line) {
  _mm_prefetch(reinterpret_cast<const char*>(line), _MM_HINT_T1);
}

/// Asks for the same row of the page that comes next.
[[gnu::always_inline]] inline void ask(const KvRow& row, const KvPage& page, int key) {
  const std::uint8_t* begin = page.next + std::ptrdiff_t{key} * row.bytes;
  for (int at = 0; at < row.bytes; at += kLineBytes) ask_for(begin + at);
}

/// Asks for the same channel of the page that comes next.
template <KvType kType>
[[gnu::always_inline]] inline void ask_turned(const KvPage& page, int channel) {
  constexpr int kBytes = kPageRows * bytes_of<kType>();
#pragma clang loop unroll(full)
  for (int line = 0; line < kBytes; line += kLineBytes)
    ask_for(page.next + std::ptrdiff_t{channel} * kBytes + line);
}

}  // namespace

}  // namespace hearth::kernels
