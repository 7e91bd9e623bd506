// Sums and factors, by our kernels where they serve and by MLX's operations elsewhere; and where
// computing begins.
#pragma once

#include "nn/mlx.h"

namespace hearth::nn {

/// x + y: of one shape, or y [D] added to every row of x [..., D].
mx::array added(const mx::array& x, const mx::array& y);

/// x * factor, in x's type.
mx::array scaled(const mx::array& x, float factor);

/// x; evaluated where our kernels serve, so that what they make of it is computed when they are
/// called (kernels/host_operation.h).
mx::array computed(mx::array x);

}  // namespace hearth::nn
