// Few rows with AVX-512: codes go from memory to the sum without a stop.
#include "kernels/panel_avx512.h"

namespace hearth::kernels {

namespace {

// How far ahead codes are asked for.
constexpr int kAhead = 16384;

/// Multiplies words [kFirst, kEnd) with the digits of `kRows` rows.
template <int kRows, int kDigits, int kFirst, int kEnd>
[[gnu::always_inline]] inline void dot_words(const __m512i (&words)[kWords],
                                             const std::int8_t* digits,
                                             __m512i (&dots)[kRows][kDigits]) {
#pragma clang loop unroll(full)
  for (int i = kFirst; i < kEnd; ++i) {
    const std::int8_t* at = digits + i / 4 * kRows * kDigits * kBlock + i % 4 * 4;
#pragma clang loop unroll(full)
    for (int m = 0; m < kRows; ++m)
#pragma clang loop unroll(full)
      for (int d = 0; d < kDigits; ++d)
        dots[m][d] = _mm512_dpbusd_epi32(dots[m][d], words[i],
                                         broadcast_word(at + (m * kDigits + d) * kBlock));
  }
}

/// Adds what a group's dots stand for.
template <int kRows, int kDigits>
[[gnu::always_inline]] inline void add_group(const PanelCut& cut, const Tile& x, int group,
                                             const __m512i (&dots)[kRows][kDigits],
                                             __m512 (&total)[kRows]) {
  const ScaledBias w = scales_of(cut, group);
  const float* scales = x.scales + group * kRows;
  const float* sums = x.sums + group * kRows;
#pragma clang loop unroll(full)
  for (int m = 0; m < kRows; ++m)
    total[m] = with_group(total[m], joined(dots[m]), w, {scales[m], sums[m]});
}

template <int kRows, int kDigits, int kBits, bool kE2m1>
[[gnu::always_inline]] inline void load_words(const CodeLines& lines, int k,
                                              __m512i (&words)[kWords]) {
#pragma clang loop unroll(full)
  for (int line = 0; line < kBits; ++line)
    _mm_prefetch(reinterpret_cast<const char*>(lines.low + std::int64_t{k} * kBits * 2 +
                                               line * kLineBytes + kAhead),
                 _MM_HINT_T1);
  load_codes<kBits, 0, kE2m1>(lines, k, words);
}

/// Groups of half the inputs that are unpacked together.
template <int kRows, int kDigits, int kBits, bool kE2m1>
[[gnu::always_inline]] inline void stream_halves(const PanelCut& cut, const Tile& x,
                                                 __m512 (&total)[kRows]) {
  const CodeLines lines = code_lines(cut);
  const std::int8_t* digits = x.digits + std::int64_t{cut.begin} * kRows * kDigits;
  for (int k = 0; k < cut.count; k += kUnpacked) {
    __m512i words[kWords];
    load_words<kRows, kDigits, kBits, kE2m1>(lines, k, words);
    __m512i first[kRows][kDigits] = {};
    __m512i second[kRows][kDigits] = {};
    const std::int8_t* at = digits + std::int64_t{k} * kRows * kDigits;
    dot_words<kRows, kDigits, 0, kWords / 2>(words, at, first);
    dot_words<kRows, kDigits, kWords / 2, kWords>(words, at, second);
    const int group = (cut.begin + k) / (kUnpacked / 2);
    add_group(cut, x, group, first, total);
    add_group(cut, x, group + 1, second, total);
  }
}

template <int kRows, int kDigits, int kBits, bool kE2m1>
[[gnu::always_inline]] inline void stream_wholes(const PanelCut& cut, const Tile& x,
                                                 __m512 (&total)[kRows]) {
  const CodeLines lines = code_lines(cut);
  const std::int8_t* digits = x.digits + std::int64_t{cut.begin} * kRows * kDigits;
  const int group = cut.layout->group;
  for (int begin = 0; begin < cut.count; begin += group) {
    __m512i dots[kRows][kDigits] = {};
    for (int k = begin; k < begin + group; k += kUnpacked) {
      __m512i words[kWords];
      load_words<kRows, kDigits, kBits, kE2m1>(lines, k, words);
      dot_words<kRows, kDigits, 0, kWords>(words, digits + std::int64_t{k} * kRows * kDigits, dots);
    }
    add_group(cut, x, (cut.begin + begin) / group, dots, total);
  }
}

template <int kRows, int kDigits, int kBits, bool kE2m1>
void stream_rows(const PanelCut& cut, const Tile& x, float* sums) {
  __m512 total[kRows];
#pragma clang loop unroll(full)
  for (int m = 0; m < kRows; ++m) total[m] = _mm512_loadu_ps(sums + m * kPanelRows);
  if (kE2m1 && cut.layout->group < kUnpacked)
    stream_halves<kRows, kDigits, kBits, kE2m1>(cut, x, total);
  else
    stream_wholes<kRows, kDigits, kBits, kE2m1>(cut, x, total);
#pragma clang loop unroll(full)
  for (int m = 0; m < kRows; ++m) _mm512_storeu_ps(sums + m * kPanelRows, total[m]);
}

/// What has more sums than registers is not built.
template <int kRows, int kDigits>
bool stream_codes(const PanelCut& cut, const Tile& x, float* sums) {
  if constexpr (kRows * kDigits <= kStreamSums) {
    const PanelLayout& layout = *cut.layout;
    if (layout.e2m1)
      stream_rows<kRows, kDigits, 4, true>(cut, x, sums);
    else if (layout.bits == 4)
      stream_rows<kRows, kDigits, 4, false>(cut, x, sums);
    else if (layout.bits == 8)
      stream_rows<kRows, kDigits, 8, false>(cut, x, sums);
    else
      return false;
    return true;
  } else {
    return false;
  }
}

template <int kRows>
bool stream_digits(const PanelCut& cut, const Tile& x, float* sums) {
  if (x.count == 1) return stream_codes<kRows, 1>(cut, x, sums);
  if (x.count == 2) return stream_codes<kRows, 2>(cut, x, sums);
  return stream_codes<kRows, 3>(cut, x, sums);
}

}  // namespace

bool stream_avx512(const PanelCut& cut, const Tile& x, float* sums) {
  switch (x.rows) {
    case 1:
      return stream_digits<1>(cut, x, sums);
    case 2:
      return stream_digits<2>(cut, x, sums);
    case 3:
      return stream_digits<3>(cut, x, sums);
    case 4:
      return stream_digits<4>(cut, x, sums);
    case 5:
      return stream_digits<5>(cut, x, sums);
    case 6:
      return stream_digits<6>(cut, x, sums);
    case 7:
      return stream_digits<7>(cut, x, sums);
    default:
      return stream_digits<8>(cut, x, sums);
  }
}

}  // namespace hearth::kernels
