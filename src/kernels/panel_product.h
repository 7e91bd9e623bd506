// Products with packed weights as operations of MLX's graph.
#pragma once

#include <memory>
#include <mlx/array.h>
#include <optional>
#include <vector>

#include "kernels/panel_matmul.h"
#include "kernels/panel_matrix.h"

namespace hearth::kernels {

/// A packed matrix as MLX has it: codes [N, K * bits / 32] uint32, scales and biases [N, K /
/// group].
struct PackedArrays {
  mlx::core::array codes;
  mlx::core::array scales;
  std::optional<mlx::core::array> biases;  ///< none: codes are E2M1 numbers
};

/// The matrix in panels; evaluates the arrays. nullptr where panels do not serve this packing.
std::shared_ptr<const PanelMatrix> panels_of(const PackedArrays& w, int bits, int group);

/// Rows [first, first + outputs) of a matrix, with a bias: a layer [T, K] → [T, outputs].
struct PanelLayer {
  std::shared_ptr<const PanelMatrix> weight;
  std::shared_ptr<const std::vector<float>> bias = {};  ///< of all rows of the matrix; or none
  int first = 0;                                        ///< a multiple of kPanelRows
  int outputs = 0;
};

/// What is made of x: x Wᵀ + b, or gate(x Wᵀ + b) * (x Uᵀ + c) where there is `up`.
struct PanelOutput {
  PanelLayer layer;
  std::optional<PanelLayer> up = {};
  Gate gate = Gate::Silu;
};

/// x [T, K] → one [T, outputs] each, in x's dtype, computed together by cpu_path(). The matrices
/// have one width and one group. A row's bits do not depend on the rows and the products beside it.
/// Throws std::invalid_argument where sizes do not fit.
std::vector<mlx::core::array> panel_products(const mlx::core::array& x,
                                             std::vector<PanelOutput> outputs);

/// Rows `ids` [T] int32 of the matrix as numbers: [T, K] float32. Numbers beyond the matrix give
/// zeros.
mlx::core::array panel_rows(std::shared_ptr<const PanelMatrix> w, const mlx::core::array& ids);

}  // namespace hearth::kernels
