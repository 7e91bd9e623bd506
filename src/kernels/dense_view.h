// A plain matrix of MLX as the kernels see it.
#pragma once

#include <optional>

#include "kernels/dense_path.h"
#include "kernels/plane.h"

namespace hearth::kernels {

/// Both planes' rows lie in one piece (in_rows). With `scales` the weights are mxfp8: words of four
/// codes, and a byte for each group; without, float32, bfloat16 or float16.
DenseView dense_view(const Plane& weights, const std::optional<Plane>& scales);

}  // namespace hearth::kernels
