// The quantised product as an MLX operation of the CPU backend.
#pragma once

#include <mlx/array.h>
#include <optional>

namespace hearth::kernels {

/// How a packed matrix's codes become numbers, where it is one that the kernels can read.
struct PackedFormat {
  int bits = 4;    ///< 2, 3, 4, 5, 6, 8; E2M1: 4
  int group = 64;  ///< 32, 64, 128; E2M1: 32 with E8M0 scales, 16 with E4M3 scales
  bool e2m1 = false;
};

/// A packed matrix [N, K] in MLX's layout.
struct PackedArrays {
  const mlx::core::array& codes;   ///< [N, K * bits / 32] uint32
  const mlx::core::array& scales;  ///< [N, K / group]: float32, bfloat16, float16; E2M1: uint8
  const std::optional<mlx::core::array>& biases;  ///< like the scales; E2M1: none
};

/// x Wᵀ: [T, K] → [T, N], in x's type (float32, bfloat16 or float16), on the CPU whatever the
/// default device is. Lazy, like every operation of MLX; its bits follow from x's row alone
/// (quantised_matmul.h). Call it where `worthwhile()` (cpu.h). Engine thread.
mlx::core::array packed_product(const mlx::core::array& x, const PackedArrays& w,
                                const PackedFormat& format);

}  // namespace hearth::kernels
