// Matrices of plain numbers: in which type they are kept, and how they are multiplied.
#pragma once

#include "nn/mlx.h"
#include "nn/row_policy.h"

namespace hearth::nn {

/// The same numbers in the type that is computed in: float32 where MLX computes on the CPU, else as
/// they are. Arrays of other than floating-point numbers stay as they are.
mx::array in_compute_dtype(const mx::array& a);

/// True where matrices stay in 16 bits although activations are float32: our kernels multiply them.
bool keeps_16_bits();

/// x Wᵀ for W [N, K]: [T, K] → [T, N].
mx::array plain_product(const mx::array& x, const mx::array& w, RowPolicy rows);

}  // namespace hearth::nn
