// Grouping of a step's rows by adapter, and the additions themselves.
#include "nn/low_rank.h"

#include <cassert>
#include <cstdint>
#include <numeric>

namespace hearth::nn {

void AdapterRows::follow(const StepBatch& batch) {
  groups_.clear();
  std::map<int, std::vector<std::int32_t>> rows;
  for (const Segment& segment : batch.segments) {
    if (segment.adapter < 0) continue;
    auto& own = rows[segment.adapter];
    own.resize(own.size() + static_cast<std::size_t>(segment.rows));
    std::iota(own.end() - segment.rows, own.end(), segment.first_row);
  }
  for (const auto& [adapter, own] : rows) {
    const int count = static_cast<int>(own.size());
    Group group{.adapter = adapter, .rows = {}};
    if (count < batch.tokens()) group.rows = mx::array(own.data(), {count}, mx::int32);
    groups_.push_back(std::move(group));
  }
}

mx::array LowRankSlots::added_to(const mx::array& y, const mx::array& x) const {
  mx::array sum = y;
  for (const auto& [adapter, rows] : rows_->groups()) {
    const auto found = additions_.find(adapter);
    if (found == additions_.end()) continue;
    const mx::array own = rows ? mx::take(x, *rows, 0) : x;
    const mx::array addition = found->second.up.times(found->second.down.times(own));  // [n, N]
    assert(rows || addition.shape(0) == y.shape(0));
    sum = rows ? mx::scatter_add(sum, *rows, mx::expand_dims(addition, 1), 0)
               : mx::add(sum, addition);
  }
  return sum;
}

}  // namespace hearth::nn
