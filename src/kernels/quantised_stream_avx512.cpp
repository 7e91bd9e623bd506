// Four-bit codes of few rows with AVX-512: from memory to the sum without a stop.
#include "kernels/quantised_avx512.h"

namespace hearth::kernels {

namespace {

/// Multiplies the words of one group, which lie in lanes, with the digits of `kRows` rows.
template <int kRows, int kDigits, int kWords, bool kE2m1>
[[gnu::always_inline]] inline void dot_words(const __m512i* words, const std::int8_t* digits,
                                             __m512i (&dots)[kRows][kDigits]) {
  const __m512i low = _mm512_set1_epi8(0x0F);
  const __m512i e2m1 =
      _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(kE2m1Codes)));
#pragma clang loop unroll(full)
  for (int i = 0; i < kWords; ++i) {
    __m512i even = _mm512_and_si512(words[i], low);
    __m512i odd = _mm512_and_si512(_mm512_srli_epi16(words[i], 4), low);
    if (kE2m1) {
      even = _mm512_shuffle_epi8(e2m1, even);
      odd = _mm512_shuffle_epi8(e2m1, odd);
    }
    const std::int8_t* at = digits + i / 2 * kRows * kDigits * kBlock + i % 2 * 8;
#pragma clang loop unroll(full)
    for (int m = 0; m < kRows; ++m)
#pragma clang loop unroll(full)
      for (int d = 0; d < kDigits; ++d) {
        const std::int8_t* digit = at + (m * kDigits + d) * kBlock;
        dots[m][d] = _mm512_dpbusd_epi32(dots[m][d], even, broadcast_word(digit));
        dots[m][d] = _mm512_dpbusd_epi32(dots[m][d], odd, broadcast_word(digit + 4));
      }
  }
}

/// How far a panel is multiplied.
struct Place {
  const std::int8_t* digits;
  int group;  ///< of the panel
  int of_x;   ///< where its scales lie among those of x
};

/// The groups of a line of codes, from lane `kFirst` on.
template <int kRows, int kDigits, int kGroup, bool kE2m1, int kFirst = 0>
[[gnu::always_inline]] inline void add_line(const __m512i (&r)[kLanes], const Panel& panel,
                                            const Tile& x, Place& at, float* sums) {
  constexpr int kWords = kGroup / 8;
  if constexpr (kFirst < kLanes) {
    if (at.group * kGroup == panel.count) return;
    __m512i dots[kRows][kDigits] = {};
    dot_words<kRows, kDigits, kWords, kE2m1>(r + kFirst, at.digits, dots);
    const __m512 scale = _mm512_loadu_ps(panel.scales + at.group * kPanelRows);
    const __m512 bias = _mm512_loadu_ps(panel.biases + at.group * kPanelRows);
#pragma clang loop unroll(full)
    for (int m = 0; m < kRows; ++m) {
      float* to = sums + m * kPanelRows;
      const ScaledSum of_x{x.scales[at.of_x + m], x.sums[at.of_x + m]};
      _mm512_storeu_ps(to, with_group(_mm512_loadu_ps(to), joined(dots[m]), {scale, bias}, of_x));
    }
    at = {at.digits + kGroup * kRows * kDigits, at.group + 1, at.of_x + kRows};
    add_line<kRows, kDigits, kGroup, kE2m1, kFirst + kWords>(r, panel, x, at, sums);
  }
}

/// A line of 128 codes of each of the panel's rows at a time; codes stay in registers.
template <int kRows, int kDigits, int kGroup, bool kE2m1>
void stream_rows(const PackedView& w, int row, const Panel& panel, const Tile& x, float* sums) {
  const std::uint8_t* line = w.codes + row * w.code_stride + panel.begin / 2;
  Place at{x.digits + std::int64_t{panel.begin} * kRows * kDigits, 0, panel.begin / kGroup * kRows};
  for (int left = panel.count / 2; left > 0; left -= kLineBytes, line += kLineBytes) {
    __m512i r[kLanes];
    load_lines(line, w.code_stride, first_bytes(left), r);
    transpose(r);
    add_line<kRows, kDigits, kGroup, kE2m1>(r, panel, x, at, sums);
  }
}

template <int kRows, int kDigits>
void stream_groups(const PackedView& w, int row, const Panel& panel, const Tile& x, float* sums) {
  if (w.e2m1)
    return w.group == 16 ? stream_rows<kRows, kDigits, 16, true>(w, row, panel, x, sums)
                         : stream_rows<kRows, kDigits, 32, true>(w, row, panel, x, sums);
  if (w.group == 32) return stream_rows<kRows, kDigits, 32, false>(w, row, panel, x, sums);
  if (w.group == 64) return stream_rows<kRows, kDigits, 64, false>(w, row, panel, x, sums);
  return stream_rows<kRows, kDigits, 128, false>(w, row, panel, x, sums);
}

/// What has more sums than registers is not built; nobody asks for it.
template <int kRows>
void stream_digits(const PackedView& w, int row, const Panel& panel, const Tile& x, float* sums) {
  if (x.count == 1) return stream_groups<kRows, 1>(w, row, panel, x, sums);
  if constexpr (kRows * 2 <= kStreamSums)
    if (x.count == 2) return stream_groups<kRows, 2>(w, row, panel, x, sums);
  if constexpr (kRows * 3 <= kStreamSums)
    if (x.count == 3) return stream_groups<kRows, 3>(w, row, panel, x, sums);
}

}  // namespace

void stream_avx512(const PackedView& w, int row, const Panel& panel, const Tile& x, float* sums) {
  switch (x.rows) {
    case 1:
      return stream_digits<1>(w, row, panel, x, sums);
    case 2:
      return stream_digits<2>(w, row, panel, x, sums);
    case 3:
      return stream_digits<3>(w, row, panel, x, sums);
    case 4:
      return stream_digits<4>(w, row, panel, x, sums);
    case 5:
      return stream_digits<5>(w, row, panel, x, sums);
    case 6:
      return stream_digits<6>(w, row, panel, x, sums);
    case 7:
      return stream_digits<7>(w, row, panel, x, sums);
    default:
      return stream_digits<8>(w, row, panel, x, sums);
  }
}

}  // namespace hearth::kernels
