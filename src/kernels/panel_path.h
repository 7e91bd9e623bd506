// What one instruction set brings to the products with packed weights: functions over plain memory.
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

/// Outputs computed together: one lane of 32 bits each.
inline constexpr int kPanelRows = 16;
/// Rows of x computed together at most.
inline constexpr int kTileRows = 8;
/// Rows of x times digits up to which a panel is unpacked and multiplied at once.
inline constexpr int kStreamSums = 12;
/// Inputs whose digits lie together, unless a path asks for more (PanelPath::block).
inline constexpr int kBlock = 16;
/// Inputs whose codes are unpacked together: the width of every packed matrix is a multiple.
inline constexpr int kUnpacked = 32;
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

/// How one panel, kPanelRows outputs of a matrix W [N, K], lies in memory: in one piece, in the
/// order in which it is read. Outputs are lanes:
///   scales  [K / group][16], then as many biases unless codes are E2M1
///   codes   low bits  [K / (32 / low_bits)][16] words: byte b of a word holds, lowest bits first,
///           inputs b, b + 4, b + 8 ... of the word's inputs
///   codes   high bits, the same; none where high_bits is 0
/// Each part begins at a multiple of 64 bytes.
struct PanelLayout {
  int bits;  ///< 2, 3, 4, 5, 6, 8
  int low_bits;
  int high_bits;
  int group;  ///< 16, 32, 64, 128
  int width;  ///< K
  ScaleType scale_type;
  bool e2m1;               ///< codes are E2M1 numbers, not whole ones
  std::int64_t biases_at;  ///< bytes from the panel's beginning
  std::int64_t low_at;
  std::int64_t high_at;
  std::int64_t bytes;  ///< from panel to panel
};

/// Inputs [begin, begin + count) of one panel. Both numbers are multiples of the group and of
/// kUnpacked.
struct PanelCut {
  const PanelLayout* layout;
  const std::uint8_t* panel;
  int begin;
  int count;
};

/// A row of x as digits: [K / block][rows of the tile][digits][block] bytes, with a scale and a sum
/// per group.
struct DigitsTarget {
  std::int8_t* digits;  ///< of this row in its tile's first block
  float* scales;        ///< [K / group], one in `rows`
  float* sums;          ///< likewise: the group's sum, in the scale's units already multiplied
  int rows;             ///< of the tile
  int count;            ///< digits of each activation
  int width;            ///< K
  int group;
  int block;  ///< a multiple of kBlock that divides the group
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
  const std::int8_t* digits;  ///< [K / block][rows][count][block]
  const float* scales;        ///< [K / group][rows]
  const float* sums;          ///< likewise
  int rows;
  int count;  ///< digits of each activation
  int block;
};

/// What a gate does to its number before another is multiplied with it.
enum class Gate : std::uint8_t {
  Silu,      ///< x σ(x)
  GeluTanh,  ///< x Φ(x), with Φ out of a tanh
  Relu,
};

/// All paths compute the same integers and round the same sums in the same order, so they agree
/// to the last bit.
struct PanelPath {
  /// Digits of a row x [K]. A group that holds something that is no finite number becomes NaN.
  void (*split)(const float* x, const DigitsTarget& to);
  /// → [count / 4][16][4]: whole numbers.
  void (*unpack_codes)(const PanelCut& cut, std::uint8_t* codes);
  /// → [count / group][16] each.
  void (*unpack_scales)(const PanelCut& cut, float* scales, float* biases);
  /// Adds the panel's part of x Wᵀ to `sums` [rows of the tile][16].
  void (*multiply)(const Panel& panel, const Tile& x, float* sums);
  /// Unpacks and multiplies at once, up to kStreamSums rows times digits; false where the path has
  /// nothing faster than one after the other.
  bool (*stream)(const PanelCut& cut, const Tile& x, float* sums);
  /// gate[i] becomes what `kind` makes of it times up[i]; count is a multiple of 16.
  void (*apply_gate)(Gate kind, float* gate, const float* up, int count);
  /// The block of the tiles that multiply() and stream() read; a group that is smaller is a block.
  int block = kBlock;
  /// Gives back what multiply() keeps on its thread from call to call; null where that is nothing.
  void (*release)() = nullptr;
};

extern const PanelPath kPanelScalar;
#ifdef __x86_64__
extern const PanelPath kPanelAvx2;
extern const PanelPath kPanelAvx2Vnni;  ///< the same with AVX-VNNI
extern const PanelPath kPanelAvx512;
extern const PanelPath kPanelAmx;  ///< for more than kTileRows rows
#endif

}  // namespace hearth::kernels
