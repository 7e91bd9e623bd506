// A packed weight matrix, or a stack of them: codes, scales and what they stand for.
#pragma once

#include <cstddef>
#include <optional>

#include "nn/mlx.h"
#include "nn/quantisation.h"

namespace hearth::nn {

/// A packed matrix [N, K], or a stack of matrices [E, N, K].
struct PackedMatrix {
  mx::array codes;                  ///< [..., N, K * bits / 32] uint32
  mx::array scales;                 ///< [..., N, K / group_size]; uint8 unless the mode is affine
  std::optional<mx::array> biases;  ///< affine mode alone: like the scales
  Packing packing;
  /// Of the numbers it stands for where the mode is not affine; affine ones have their scales'.
  mx::Dtype dtype = mx::float32;

  /// The name of the mode as MLX spells it.
  std::string mode() const { return std::string(format_of(packing.mode).name); }
  std::size_t bytes() const;
};

/// The numbers: [..., N, K].
mx::array unpack(const PackedMatrix& w);

/// Rows [begin, end) of the axis N.
PackedMatrix slice_rows(const PackedMatrix& w, int begin, int end);

/// Matrix `index` of a stack.
PackedMatrix entry(const PackedMatrix& stack, int index);

/// The entries `ids` of the first axis: rows of a matrix, matrices of a stack.
PackedMatrix pick(const PackedMatrix& w, const mx::array& ids);

}  // namespace hearth::nn
