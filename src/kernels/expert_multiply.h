// Products of rows that are in the order of their experts with those experts' matrices.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mlx/array.h>
#include <optional>
#include <span>

#include "kernels/expert_product.h"
#include "kernels/expert_rows.h"
#include "kernels/panel_path.h"
#include "kernels/plane.h"

namespace hearth::kernels {

/// Computes x [R, K] → y [R, N] in x's type, group by group. What it multiplies with lives as long
/// as it does, or longer (arrays).
using Multiply =
    std::function<void(std::span<const ExpertGroup> groups, const Plane& x, std::uint8_t* y)>;

/// The plain matrices [E, N, K] of an evaluated array; with `scales` [E, N, K / 32] of mxfp8.
Multiply multiply_plain(const mlx::core::array& weights,
                        const std::optional<mlx::core::array>& scales = {});

Multiply multiply_panels(std::shared_ptr<const ExpertPanels> weights);

/// gate(x Wᵀ) * (x Uᵀ), each expert with its own W and U.
Multiply multiply_gated(std::shared_ptr<const ExpertPanels> weights,
                        std::shared_ptr<const ExpertPanels> up, Gate gate);

/// Rows of bytes that are put in order, or back.
struct RowCopy {
  std::span<const int> order;  ///< which row stands where
  std::size_t bytes;           ///< of a row

  /// Row order[i] of `from`, whose rows begin `stride` bytes apart, to place i of `to`.
  void gather(const std::uint8_t* from, std::int64_t stride, std::uint8_t* to) const;
  /// Row i of `from` to place order[i] of `to`.
  void scatter(const std::uint8_t* from, std::uint8_t* to) const;
};

}  // namespace hearth::kernels
