// What one instruction set brings to the quantised product: four functions over plain memory.
//
// The units that are compiled with an instruction set's own flags include this header and
// intrinsics only. So it holds no inline function: a copy compiled there could become the whole
// program's, and crash a machine without those instructions.
#pragma once

#include <cstdint>

namespace hearth::kernels {

/// How scales (and biases) are stored.
enum class ScaleType : std::uint8_t {
  F32,
  BF16,
  F16,
  E8M0,  ///< one byte, a power of two
  E4M3,  ///< one byte: sign, 4 bits of exponent, 3 of fraction
};

/// A packed matrix W [N, K] in MLX's layout: codes in the bits of a row, lowest first.
struct PackedView {
  const std::uint8_t* codes;
  std::int64_t code_stride;   ///< bytes from row to row
  const void* scales;         ///< [N, K / group]
  const void* biases;         ///< like the scales; null where codes are E2M1
  std::int64_t scale_stride;  ///< elements from row to row
  std::int64_t bias_stride;   ///< likewise
  ScaleType scale_type;
  bool e2m1;    ///< codes are E2M1 numbers, not whole ones
  int bits;     ///< 2, 3, 4, 5, 6, 8
  int group;    ///< 16, 32, 64, 128
  int outputs;  ///< N
  int width;    ///< K
};

/// Outputs computed together: one lane of 32 bits each.
inline constexpr int kPanelRows = 16;
/// Rows of x computed together at most.
inline constexpr int kTileRows = 8;
/// Rows of x times digits up to which a panel is unpacked and multiplied at once.
inline constexpr int kStreamSums = 12;
/// Inputs whose digits lie together.
inline constexpr int kBlock = 16;
/// Digits of one activation at most, to the base 256, highest first.
inline constexpr int kMostDigits = 3;
/// By the number of digits: what the largest activation of a group becomes, so that each digit
/// fits into 8 bits.
inline constexpr float kDigitLimits[kMostDigits + 1] = {0.0F, 127.0F, 32'600.0F, 8'355'000.0F};
/// Smaller groups are scaled as if this were their largest number: its inverse is finite.
inline constexpr float kSmallestPeak = 1e-30F;
/// E2M1 numbers doubled and shifted by 12 are whole and not negative.
inline constexpr std::uint8_t kE2m1Codes[16] = {12, 13, 14, 15, 16, 18, 20, 24,
                                                12, 11, 10, 9,  8,  6,  4,  0};

/// Inputs [begin, begin + count) of kPanelRows outputs from `row` on; rows behind the last one
/// repeat it. Both numbers are multiples of the group.
struct PanelCut {
  int row;
  int begin;
  int count;
};

/// A row of x as digits: [K / 16][rows of the tile][digits][16] bytes, with a scale and a sum per
/// group.
struct DigitsTarget {
  std::int8_t* digits;  ///< of this row in its tile's first block
  float* scales;        ///< [K / group], one in `rows`
  float* sums;          ///< likewise: the group's sum, in the scale's units already multiplied
  int rows;             ///< of the tile
  int count;            ///< digits of each activation
  int width;            ///< K
  int group;
  bool nibbles;  ///< inputs in the order in which 4-bit codes are unpacked
};

/// Inputs [begin, begin + count) of a panel, unpacked.
struct Panel {
  const std::uint8_t* codes;  ///< [count / 4][16 outputs][4]
  const float* scales;        ///< [count / group][16]
  const float* biases;        ///< likewise
  int begin;
  int count;
  int group;
  int bits;
};

/// Up to kTileRows rows of x as digits, whole.
struct Tile {
  const std::int8_t* digits;  ///< [K / 16][rows][count][16]
  const float* scales;        ///< [K / group][rows]
  const float* sums;          ///< likewise
  int rows;
  int count;  ///< digits of each activation
};

/// All paths compute the same integers and round the same sums in the same order, so they agree
/// to the last bit.
struct QuantisedPath {
  /// Digits of a row x [K]. A group that holds something that is no finite number becomes NaN.
  void (*split)(const float* x, const DigitsTarget& to);
  /// → [count / 4][16][4]: whole numbers; 4-bit codes in the order even, odd of each eight.
  void (*unpack_codes)(const PackedView& w, const PanelCut& cut, std::uint8_t* codes);
  /// → [count / group][16] each.
  void (*unpack_scales)(const PackedView& w, const PanelCut& cut, float* scales, float* biases);
  /// Adds the panel's part of x Wᵀ to `sums` [rows of the tile][16].
  void (*multiply)(const Panel& panel, const Tile& x, float* sums);
  /// Unpacks and multiplies at once: codes of 4 bits, a panel that is whole, up to kStreamSums
  /// rows times digits. `panel` has no codes. Null where a path has nothing faster than one after
  /// the other.
  void (*stream)(const PackedView& w, int row, const Panel& panel, const Tile& x, float* sums);
};

extern const QuantisedPath kQuantisedScalar;
#ifdef __x86_64__
extern const QuantisedPath kQuantisedAvx2;
extern const QuantisedPath kQuantisedAvx512;
#endif

}  // namespace hearth::kernels
