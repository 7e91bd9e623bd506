// What a layer does number by number between its products, as operations of the CPU backend.
#pragma once

#include <mlx/array.h>

#include "kernels/panel_path.h"

namespace hearth::kernels {

// All arrays are float32. Wrong shapes throw std::invalid_argument. See HostOperation for when they
// are computed; a number's bits are the same on every path.

/// x + y: x [..., D] and y of the same shape, or [D], which every row of x gets.
mlx::core::array sum(const mlx::core::array& x, const mlx::core::array& y);

/// Whether sum() takes these.
bool fits_sum(const mlx::core::array& x, const mlx::core::array& y);

/// x * factor
mlx::core::array scaled(const mlx::core::array& x, float factor);

/// What `kind` makes of x, times y of the same shape.
mlx::core::array gated(const mlx::core::array& x, const mlx::core::array& y, Gate kind);

/// The same in place: gate[i] becomes what `kind` makes of it, times up[i]. Any thread.
void gate_numbers(Gate kind, float* gate, const float* up, int count);

}  // namespace hearth::kernels
