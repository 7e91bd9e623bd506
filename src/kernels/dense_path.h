// What one instruction set brings to products with plain weights: three functions over plain
// memory.
//
// The units that are compiled with an instruction set's own flags include this header and
// intrinsics only. So it holds no inline function: a copy compiled there could become the whole
// program's, and crash a machine without those instructions.
#pragma once

#include <cstdint>

namespace hearth::kernels {

/// How weights are stored.
enum class WeightType : std::uint8_t {
  F32,
  BF16,
  F16,
  Mxfp8,  ///< one byte, E4M3, times a power of two for each kMxfp8Group inputs
};

/// A matrix W [N, K] whose rows' elements lie side by side.
struct DenseView {
  const void* data;
  std::int64_t stride;         ///< elements from row to row
  const std::uint8_t* scales;  ///< Mxfp8: [N, K / kMxfp8Group], E8M0; else null
  std::int64_t scale_stride;   ///< elements from row to row
  WeightType type;
  int outputs;  ///< N
  int width;    ///< K; Mxfp8: a multiple of kMxfp8Group
};

inline constexpr int kMxfp8Group = 32;
/// Inputs computed together, one in each lane.
inline constexpr int kDenseLanes = 16;
/// Rows of x computed together at most.
inline constexpr int kDenseRows = 8;
/// Outputs whose weights all tiles meet before the next ones are read. Every number of outputs that
/// a path keeps in registers divides it.
inline constexpr int kDenseStep = 12;
/// Outputs computed together at most.
inline constexpr int kDensePanel = 2 * kDenseStep;

/// Inputs [begin, begin + count) of one row; `begin` is a multiple of kMxfp8Group.
struct DenseCut {
  int row;
  int begin;
  int count;
};

/// Some inputs of up to kDensePanel outputs.
struct DensePanel {
  const void* weights;  ///< the first input of the first output
  std::int64_t stride;  ///< elements from output to output
  WeightType type;      ///< not Mxfp8
  int outputs;
  int count;           ///< inputs
  std::int64_t ahead;  ///< elements from a weight to the one that is asked for beside it; or 0
  bool more;           ///< adds to the sums of earlier inputs instead of beginning new ones
};

/// Floats of the sums of one tile.
inline constexpr int kTileSums = kDenseRows * kDensePanel * kDenseLanes;

/// The same inputs of up to kDenseRows rows of x.
struct DenseTile {
  const float* x;  ///< [count / 16, rounded up][rows][16], 64-byte aligned, zeros behind the last
  int rows;
};

/// All paths add the same products in the same order, so they agree to the last bit: lane i of an
/// output's sum takes inputs i, i + 16, i + 32 ... one after another, each rounded once (a fused
/// multiply-add); then the lanes are added in halves, i and i + 8, i and i + 4, and so on.
struct DensePath {
  /// Float32 numbers, with zeros up to the next multiple of kDenseLanes.
  void (*widen)(const DenseView& w, const DenseCut& cut, float* to);
  /// The lanes' sums of `count` tiles: [count][kDenseRows][kDensePanel][16], 64-byte aligned. Those
  /// behind the last output may be written.
  void (*multiply)(const DensePanel& w, const DenseTile* tiles, int count, float* sums);
  /// Adds the lanes: sums [count][16] → y [count]. Reads `sums` up to the next multiple of 16.
  void (*add_lanes)(const float* sums, int count, float* y);
};

extern const DensePath kDenseScalar;
#ifdef __x86_64__
extern const DensePath kDenseAvx2;
extern const DensePath kDenseAvx512;
#endif

}  // namespace hearth::kernels
