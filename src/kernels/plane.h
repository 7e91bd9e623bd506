// Evaluated arrays as plain memory: what a task of an MLX operation reads.
#pragma once

#include <cstdint>
#include <mlx/array.h>
#include <vector>

#include "kernels/panel_matmul.h"

namespace hearth::kernels {

/// A matrix in the memory of an array, which must outlive it.
struct Plane {
  const std::uint8_t* data;
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t row_stride;     // elements
  std::int64_t column_stride;  // elements
  std::size_t item;            // bytes
  mlx::core::Dtype dtype;
};

/// The last two axes of an evaluated array of two or three; of three, entry `index` of the first.
Plane plane_of(const mlx::core::array& a, int index = 0);

/// The same matrix with its rows' elements side by side; copied into `copy` where they are not.
Plane in_rows(Plane plane, std::vector<std::uint8_t>& copy);

/// The numbers of an evaluated float32 array of these strides, one after another: what a task makes
/// where they do not lie so.
std::vector<float> gathered(const float* data, const mlx::core::Shape& shape,
                            const mlx::core::Strides& strides);

/// An evaluated float32 array as plain memory: what a task may keep after the array is gone.
struct Numbers {
  const float* data = nullptr;
  bool in_rows = true;  ///< one number after another
  mlx::core::Shape shape = {};
  mlx::core::Strides strides = {};

  /// One number after another; copied into `copy` where they do not lie so.
  const float* read(std::vector<float>& copy) const;
};

Numbers numbers_of(const mlx::core::array& a);

/// float32, bfloat16, float16; float32 for anything else.
FloatType float_type(const mlx::core::Dtype& dtype);

}  // namespace hearth::kernels
