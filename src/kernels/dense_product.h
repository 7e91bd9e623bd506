// The product with plain weights as an MLX operation of the CPU backend.
#pragma once

#include <mlx/array.h>

namespace hearth::kernels {

/// x Wᵀ: [T, K] → [T, N], in x's type (float32, bfloat16 or float16), on the CPU whatever the
/// default device is; sums are float32. HostOperation says when it is computed; its bits follow
/// from x's row alone (dense_matmul.h). Call it where `worthwhile()` (cpu.h). Engine thread.
///
/// @param w  [N, K] float32, bfloat16 or float16, in any memory order
mlx::core::array dense_product(const mlx::core::array& x, const mlx::core::array& w);

/// The same with a matrix that is packed in MLX's mxfp8.
///
/// @param codes   [N, K / 4] uint32
/// @param scales  [N, K / 32] uint8
mlx::core::array mxfp8_product(const mlx::core::array& x, const mlx::core::array& codes,
                               const mlx::core::array& scales);

}  // namespace hearth::kernels
