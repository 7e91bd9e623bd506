// Sorts rows by counting.
#include "kernels/expert_rows.h"

#include <algorithm>

namespace hearth::kernels {

RowsByExpert rows_by_expert(std::span<const std::uint32_t> experts, int count) {
  RowsByExpert rows;
  std::vector<int> next(static_cast<std::size_t>(count), 0);  // rows of each expert, then places
  for (const std::uint32_t expert : experts) ++next[expert];
  int before = 0;
  for (int expert = 0; expert < count; ++expert) {
    int& own = next[static_cast<std::size_t>(expert)];
    if (own > 0) rows.groups.push_back({expert, before, own});
    before += own;
    own = before - own;
  }
  if (std::ranges::is_sorted(experts)) return rows;
  rows.order.resize(experts.size());
  for (std::size_t row = 0; row < experts.size(); ++row)
    rows.order[static_cast<std::size_t>(next[experts[row]]++)] = static_cast<int>(row);
  return rows;
}

}  // namespace hearth::kernels
