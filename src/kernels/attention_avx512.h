// What the units of attention with AVX-512 share. Only they include it: it needs their flags, and
// all of it stays inside each of them.
#pragma once

#include <immintrin.h>

#include "kernels/attention_path.h"
#include "kernels/kv_group.h"
#include "kernels/lanes_avx512.h"

namespace hearth::kernels {

/// The path's `score_turned`, `score_page` and `mix_page` (attention_path.h).
void score_turned_avx512(const Scoring& job, const KvRow& row, const KvPage& page);
void score_page_avx512(const Scoring& job, const KvRow& row, const KvPage& page);
void mix_page_avx512(const Mixing& job, const KvRow& row, const KvPage& page);

namespace {

/// The first `count` of 16 lanes; all where there are more.
[[gnu::always_inline]] inline __mmask16 first_lanes(int count) {
  return count >= kLanes ? static_cast<__mmask16>(0xFFFF)
                         : static_cast<__mmask16>((1U << static_cast<unsigned>(count)) - 1U);
}

/// Sixteen codes of a packed row as numbers.
template <KvType kType>
[[gnu::always_inline]] inline __m512 codes_at(const std::uint8_t* from, int at) {
  if constexpr (kType == KvType::Bits8) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at));
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
  }
  const __m128i pairs = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + at / 2));
  const __m128i low = _mm_and_si128(pairs, _mm_set1_epi8(15));
  const __m128i high = _mm_and_si128(_mm_srli_epi16(pairs, 4), _mm_set1_epi8(15));
  return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_unpacklo_epi8(low, high)));
}

/// Numbers [at, at + 16) of a packed row, before those behind the width are taken away.
template <KvType kType>
[[gnu::always_inline]] inline __m512 load_packed(const KvRow& row, const std::uint8_t* from,
                                                 int at) {
  const GroupLine line = group_line(row, from, at);
  const __m512 scaled = _mm512_mul_ps(_mm512_set1_ps(line.scale), codes_at<kType>(from, at));
  return _mm512_add_ps(scaled, _mm512_set1_ps(line.bias));
}

/// Sixteen numbers that are not packed.
template <KvType kType>
[[gnu::always_inline]] inline __m512 load_sixteen(const std::uint8_t* from) {
  if constexpr (kType == KvType::F32) return _mm512_loadu_ps(from);
  const __m256i bits = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  if constexpr (kType == KvType::F16) return _mm512_cvtph_ps(bits);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}

/// Numbers [at, at + 16) of a row; 0 behind the width.
template <KvType kType>
[[gnu::always_inline]] inline __m512 load(const KvRow& row, const std::uint8_t* from, int at) {
  const __mmask16 wanted = first_lanes(row.width > at ? row.width - at : 0);
  if constexpr (kType == KvType::F32) {
    return _mm512_maskz_loadu_ps(wanted, from + std::ptrdiff_t{at} * 4);
  } else if constexpr (kType == KvType::Bits8 || kType == KvType::Bits4) {
    return _mm512_maskz_mov_ps(wanted, load_packed<kType>(row, from, at));
  } else {
    const __m256i bits = _mm256_maskz_loadu_epi16(wanted, from + std::ptrdiff_t{at} * 2);
    if constexpr (kType == KvType::F16) return _mm512_cvtph_ps(bits);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
  }
}

template <KvType kType>
constexpr int bits_of() {
  if (kType == KvType::F32) return 32;
  if (kType == KvType::Bits8) return 8;
  return kType == KvType::Bits4 ? 4 : 16;
}

/// Asks for a line of memory. Into the second-level cache: those of a page are more than the first
/// one can wait for.
[[gnu::always_inline]] inline void ask_for(const std::uint8_t* line) {
  _mm_prefetch(reinterpret_cast<const char*>(line), _MM_HINT_T1);
}

/// Asks for the same channel of the page that comes next; `begin` is its place.
template <KvType kType>
[[gnu::always_inline]] inline void ask_turned(const KvPage& page, std::ptrdiff_t begin) {
  constexpr int kBytes = kPageRows * bits_of<kType>() / 8;
#pragma clang loop unroll(full)
  for (int line = 0; line < kBytes; line += kLineBytes) ask_for(page.next + begin + line);
}

/// Asks for the same numbers of the page that comes next; `begin` is their row's.
template <KvType kType>
[[gnu::always_inline]] inline void ask(const KvPage& page, std::ptrdiff_t begin, int at) {
  constexpr int kBits = bits_of<kType>();
  constexpr int kLineNumbers = kLineBytes * 8 / kBits;
  if (at % kLineNumbers != 0) return;
  const std::uint8_t* line = page.next + begin + std::ptrdiff_t{at} * kBits / 8;
  if constexpr (kBits < 16)
    _mm_prefetch(reinterpret_cast<const char*>(line), _MM_HINT_T0);  // few lines, much to compute
  else
    ask_for(line);
}

/// Channels [at, at + 16) of sixteen keys, turned: a register per channel.
template <KvType kType>
[[gnu::always_inline]] inline void load_turned(const KvRow& row, const KvPage& page, int first,
                                               int at, __m512i (&r)[kLanes]) {
#pragma clang loop unroll(full)
  for (int key = 0; key < kLanes; ++key) {
    const std::ptrdiff_t begin = std::ptrdiff_t{first + key} * row.bytes;
    r[key] = _mm512_castps_si512(load<kType>(row, page.rows + begin, at));
    ask<kType>(page, begin, at);
  }
  transpose(r);
}

}  // namespace

}  // namespace hearth::kernels
