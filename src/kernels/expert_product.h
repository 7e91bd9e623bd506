// Products of rows with the matrices of their experts, as MLX operations of the CPU backend.
#pragma once

#include <memory>
#include <mlx/array.h>
#include <vector>

#include "kernels/panel_matrix.h"

namespace hearth::kernels {

/// Row r of x times the transposed matrix of expert `experts[r]`: [R, K] → [R, N], in x's type
/// (float32, bfloat16 or float16). Each expert's weights are read once for all its rows, in
/// whatever order they come. A row's bits follow from that row alone (dense_matmul.h). Call
/// it where `worthwhile()` (cpu.h). Engine thread.
///
/// @param w        [E, N, K] float32, bfloat16 or float16
/// @param experts  [R], whole numbers less than E
mlx::core::array expert_product(const mlx::core::array& x, const mlx::core::array& w,
                                const mlx::core::array& experts);

/// The same with matrices that are packed in MLX's mxfp8.
///
/// @param codes   [E, N, K / 4] uint32
/// @param scales  [E, N, K / 32] uint8
mlx::core::array mxfp8_expert_product(const mlx::core::array& x, const mlx::core::array& codes,
                                      const mlx::core::array& scales,
                                      const mlx::core::array& experts);

/// The matrices [N, K] of all experts in panels: one width, one number of outputs.
using ExpertPanels = std::vector<std::shared_ptr<const PanelMatrix>>;

/// The same with packed matrices, as panel_matmul.h tells.
mlx::core::array expert_product(const mlx::core::array& x, std::shared_ptr<const ExpertPanels> w,
                                const mlx::core::array& experts);

}  // namespace hearth::kernels
