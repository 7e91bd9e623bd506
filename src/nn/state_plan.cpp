// Builds a step's tables of states on the host.
#include "nn/state_plan.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>

namespace hearth::nn {

namespace {

mx::array ints(const std::vector<std::int32_t>& values) {
  return mx::array(values.data(), {static_cast<int>(values.size())}, mx::int32);
}

StateGroup group(const std::vector<const Segment*>& segments) {
  const int rows = segments.front()->rows;
  const int sequences = static_cast<int>(segments.size());
  std::vector<std::int32_t> row_ids;
  std::vector<std::int32_t> slots;
  const auto fresh = std::make_unique<bool[]>(segments.size());
  for (std::size_t i = 0; i < segments.size(); ++i) {
    for (int row = 0; row < rows; ++row) row_ids.push_back(segments[i]->first_row + row);
    slots.push_back(segments[i]->state);
    fresh[i] = segments[i]->cached == 0;
  }
  return {.sequences = sequences,
          .rows = rows,
          .row_ids = ints(row_ids),
          .slots = ints(slots),
          .fresh = mx::array(fresh.get(), {sequences}, mx::bool_),
          .any_fresh = std::ranges::any_of(segments, [](auto* one) { return one->cached == 0; })};
}

}  // namespace

StatePlan plan_states(const StepBatch& batch, RowPolicy policy) {
  std::map<int, std::vector<const Segment*>> by_rows;
  for (const Segment& segment : batch.segments) by_rows[segment.rows].push_back(&segment);
  std::vector<std::int32_t> order(static_cast<std::size_t>(batch.tokens()));
  std::vector<StateGroup> groups;
  std::int32_t next = 0;
  for (const auto& [rows, segments] : by_rows) {
    groups.push_back(group(segments));
    for (const Segment* segment : segments) {
      const auto begin = order.begin() + segment->first_row;
      std::iota(begin, begin + rows, next);
      next += rows;
    }
  }
  return {.groups = std::move(groups),
          .order = ints(order),
          .in_order = std::ranges::is_sorted(order),
          .token_by_token = policy == RowPolicy::Fixed};
}

}  // namespace hearth::nn
