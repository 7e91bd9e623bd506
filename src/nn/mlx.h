// MLX's C++ core under the name `mx`: the parts that layers are made of.
#pragma once

#include <mlx/allocator.h>
#include <mlx/array.h>
#include <mlx/device.h>
#include <mlx/fast.h>
#include <mlx/ops.h>
#include <mlx/transforms.h>

namespace hearth::nn {
namespace mx = mlx::core;
}  // namespace hearth::nn
