// A large array whose rows take memory as they are written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "nn/mlx.h"

namespace hearth::nn {

/// Zeros [rows, width] in memory of their own, which MLX's figures do not hold: only what is
/// written takes some. MLX reads such an array as any other but never writes in place of it: its
/// operations would copy it whole, so write by put_blocks() and by kernels. Nothing where such
/// memory cannot be had, or where MLX's arrays live elsewhere than in plain memory. Thread: engine
/// only.
std::optional<mx::array> reserved_rows(std::size_t rows, int width, mx::Dtype dtype);

/// Cuts the rows of `content` [blocks * n, width] into equal blocks and copies the i-th over those
/// from row blocks[i] * n on; evaluates both arrays before.
void put_blocks(mx::array& reserved, std::span<const std::int32_t> blocks,
                const mx::array& content);

}  // namespace hearth::nn
