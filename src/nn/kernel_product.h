// Products of packed matrices by our own kernels for the CPU.
#pragma once

#include <optional>

#include "nn/mlx.h"
#include "nn/packed_matrix.h"

namespace hearth::nn {

/// x Wᵀ: [T, K] → [T, N], on the CPU; a row's bits follow from that row alone. Nothing where the
/// kernels do not serve: processors without AVX2, macOS. Either way it is counted.
std::optional<mx::array> kernel_product(const mx::array& x, const PackedMatrix& w);

}  // namespace hearth::nn
