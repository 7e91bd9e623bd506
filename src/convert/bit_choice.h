// How many bits for which matrix, when the whole may have so many bytes?
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hearth::convert {

/// One way to store a matrix.
struct BitOption {
  int bits = 0;
  std::uint64_t bytes = 0;
  double loss = 0;  ///< what it costs in quality; losses of matrices add up
};

/// Chooses an option for each matrix so that all bytes are within the budget and the sum of losses
/// is small: from the smallest options on, again and again the step that gains most per byte, as
/// long as it fits. Equal input gives equal choices.
///
/// @param options  of each matrix one or more, by rising bytes; what costs more without losing less
///                 is never chosen
/// @returns        bits by matrix; empty where even the smallest options are too large
std::vector<int> choose_bits(std::span<const std::vector<BitOption>> options,
                             std::uint64_t budget_bytes);

}  // namespace hearth::convert
