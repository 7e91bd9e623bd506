// Layers that read the same rows, computed together where that is faster.
#pragma once

#include <vector>

#include "nn/activation.h"
#include "nn/layers.h"
#include "nn/mlx.h"

namespace hearth::nn {

/// What each layer makes of x: [T, K] → [T, Nᵢ], the numbers that it makes of it by itself. Our
/// kernels prepare x once for all of them.
std::vector<mx::array> products(const mx::array& x, const std::vector<const Linear*>& layers);

/// activation(gate x) * up x: [T, K] → [T, N], in one where our kernels know the activation.
mx::array gated_product(const mx::array& x, const Linear& gate, const Linear& up,
                        const Activation& activation);

/// The same with one layer [T, K] → [T, 2 N]: the gate's outputs, then the others.
mx::array gated_product(const mx::array& x, const Linear& both, const Activation& activation);

}  // namespace hearth::nn
