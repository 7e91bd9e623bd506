// Which rows meet which expert.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace hearth::kernels {

/// Rows [first, first + count) of those that are in order belong to one expert.
struct ExpertGroup {
  int expert;
  int first;
  int count;
};

/// Rows in the order of their experts; rows of one expert keep theirs.
struct RowsByExpert {
  std::vector<ExpertGroup> groups;  ///< of the experts that have rows, ascending
  std::vector<int> order;           ///< which row stands where; empty where all stay in place
};

/// @param experts  of each row, less than `count`
RowsByExpert rows_by_expert(std::span<const std::uint32_t> experts, int count);

}  // namespace hearth::kernels
