// How many rows of a step are multiplied at a time.
#pragma once

namespace hearth::nn {

/// Which kernel sums a product, and in which order, follows from its number of rows; so a row's
/// last bits depend on what is computed beside it.
enum class RowPolicy {
  Any,   ///< as many rows as there are: the fastest way
  Fixed  ///< tiles of one size, at the same places whatever the step holds: equal rows, equal bits
};

/// Rows of a tile of a plain product.
inline constexpr int kFixedProductRows = 16;
/// Rows of a tile of attention: positions of one sequence, aligned, so a divisor of kPageTokens.
inline constexpr int kFixedAttentionRows = 8;

}  // namespace hearth::nn
