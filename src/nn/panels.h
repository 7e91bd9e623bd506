// Packed matrices in the form that our kernels for the CPU read.
#pragma once

#include "nn/matrix.h"
#include "nn/mlx.h"
#include "nn/packed_matrix.h"

namespace hearth::nn {

/// True where our kernels compute products, attention and norms, and 16-bit matrices so stay in 16
/// bits: on the CPU, but not on macOS and not on processors without AVX2, unless HEARTH_CPU asks
/// for it.
bool kernels_serve();

/// The bits in which keys and values are kept where nobody says: 16 where kernels_serve(), else 0,
/// as they are.
int usual_kv_bits();

/// A copy of the matrix; evaluates it. nullptr where the kernels do not serve, or not this packing
/// (mxfp8): MLX's operations multiply it then.
Panels panels_of(const PackedMatrix& w);

/// x Wᵀ: [T, K] → [T, N]; a row's bits follow from that row alone.
mx::array panel_product(const mx::array& x, const Panels& w);

/// The rows `ids`: [T] → [T, K] float32.
mx::array panel_rows(const Panels& w, const mx::array& ids);

}  // namespace hearth::nn
