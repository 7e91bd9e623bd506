// A whole layer of experts as one operation: each token through those that were chosen for it.
#pragma once

#include <memory>
#include <mlx/array.h>
#include <optional>

#include "kernels/expert_product.h"
#include "kernels/panel_path.h"

namespace hearth::kernels {

/// One of the three matrices of all experts, [E, N, K]: packed, or plain numbers.
struct ExpertWeights {
  std::shared_ptr<const ExpertPanels> panels = nullptr;
  std::optional<mlx::core::array> plain = {};
};

/// Either all three are packed or none is.
struct MixtureWeights {
  ExpertWeights gate;  ///< [E, F, D]
  ExpertWeights up;    ///< [E, F, D]
  ExpertWeights down;  ///< [E, D, F]
  Gate kind = Gate::Silu;
};

/// The sum over a of weights[t, a] * down(gate(x_t G) * (x_t U)) with the matrices of expert
/// chosen[t, a], added in the order of a. A row's bits follow from that row alone. Counted as an
/// expert product. See HostOperation for when it is computed.
///
/// @param x        [T, D] float32
/// @param chosen   [T, A] uint32, each less than E
/// @param weights  [T, A] float32
/// @returns        [T, D]; throws std::invalid_argument where sizes do not fit
mlx::core::array mixture(const mlx::core::array& x, const MixtureWeights& experts,
                         const mlx::core::array& chosen, const mlx::core::array& weights);

}  // namespace hearth::kernels
