// Matrices of plain numbers: in which type they are kept, and how they are multiplied.
#pragma once

#include "nn/mlx.h"
#include "nn/row_policy.h"

namespace hearth::nn {

/// The same numbers in the type that is computed in: float32 where MLX computes on the CPU, else as
/// they are. Arrays of other than floating-point numbers stay as they are.
mx::array in_compute_dtype(const mx::array& a);

/// x Wᵀ for W [N, K]: [T, K] → [T, N].
mx::array plain_product(const mx::array& x, const mx::array& w, RowPolicy rows);

}  // namespace hearth::nn
