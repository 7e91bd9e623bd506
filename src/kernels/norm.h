// Norms as operations of MLX's graph: MLX's own take seven operations each on a CPU.
#pragma once

#include <mlx/array.h>
#include <optional>

namespace hearth::kernels {

struct NormArrays {
  bool centred = false;  ///< (x - mean) / deviation instead of x / rms(x)
  float epsilon = 1e-6F;
  std::optional<mlx::core::array> weight = {};  ///< [D] float32
  std::optional<mlx::core::array> bias = {};    ///< [D] float32
};

/// Whether norm() and norm_of_sum() take these: everything is float32, weight and bias have one
/// axis.
bool fits_norm(const mlx::core::array& x, const NormArrays& norm);

/// x [..., D] → [..., D]
mlx::core::array norm(const mlx::core::array& x, const NormArrays& norm);

/// x + y, and the norm of that.
struct NormedSum {
  mlx::core::array sum;
  mlx::core::array normed;
};
NormedSum norm_of_sum(const mlx::core::array& x, const mlx::core::array& y, const NormArrays& norm);

}  // namespace hearth::kernels
