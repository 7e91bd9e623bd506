// Products of rows with the matrices of their experts, as MLX operations of the CPU backend.
#pragma once

#include <mlx/array.h>

namespace hearth::kernels {

/// Row r of x times the transposed matrix of expert `experts[r]`: [R, K] → [R, N], in x's type
/// (float32, bfloat16 or float16). Each expert's weights are read once for all its rows, in
/// whatever order they come. A row's bits follow from that row alone (dense_matmul.h). Lazy. Call
/// it where `worthwhile()` (cpu.h). Engine thread.
///
/// @param w        [E, N, K] float32, bfloat16 or float16
/// @param experts  [R], whole numbers less than E
mlx::core::array expert_product(const mlx::core::array& x, const mlx::core::array& w,
                                const mlx::core::array& experts);

}  // namespace hearth::kernels
