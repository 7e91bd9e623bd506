// A large array whose rows take memory as they are written.
#pragma once

#include <cstddef>
#include <optional>

#include "nn/mlx.h"

namespace hearth::nn {

/// Zeros [rows, width] in memory of their own, which MLX's figures do not hold: only what is
/// written takes some. MLX reads such an array as any other but never writes in place of it: its
/// operations would copy it whole, so write by put_rows() and by kernels. Nothing where such memory
/// cannot be had, or where MLX's arrays live elsewhere than in plain memory. Thread: engine only.
std::optional<mx::array> reserved_rows(std::size_t rows, int width, mx::Dtype dtype);

/// Copies `content` [count, width] over the rows from `first` on; evaluates both before.
void put_rows(mx::array& reserved, std::size_t first, const mx::array& content);

}  // namespace hearth::nn
