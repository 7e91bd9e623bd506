// Sums and factors, by our kernels where they serve and by MLX's operations elsewhere.
#pragma once

#include "nn/mlx.h"

namespace hearth::nn {

/// x + y: of one shape, or y [D] added to every row of x [..., D].
mx::array added(const mx::array& x, const mx::array& y);

/// x * factor, in x's type.
mx::array scaled(const mx::array& x, float factor);

}  // namespace hearth::nn
