// Grouping of a step's rows by adapter, and the additions themselves.
#include "nn/low_rank.h"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <numeric>

namespace hearth::nn {

namespace {

/// The rows of one adapter, and how strongly it adds to each.
struct Users {
  std::vector<std::int32_t> rows;
  std::vector<float> scales;
};

}  // namespace

void AdapterRows::follow(const StepBatch& batch) {
  groups_.clear();
  std::map<int, Users> users;
  for (const Segment& segment : batch.segments)
    for (const auto& [adapter, scale] : segment.adapters) {
      Users& own = users[adapter];
      own.rows.resize(own.rows.size() + static_cast<std::size_t>(segment.rows));
      std::iota(own.rows.end() - segment.rows, own.rows.end(), segment.first_row);
      own.scales.resize(own.rows.size(), scale);
    }
  for (const auto& [adapter, own] : users) {
    const int count = static_cast<int>(own.rows.size());
    Group group{.adapter = adapter};
    if (count < batch.tokens()) group.rows = mx::array(own.rows.data(), {count}, mx::int32);
    if (std::ranges::any_of(own.scales, [](float scale) { return scale != 1; }))
      group.scales = mx::array(own.scales.data(), {count, 1}, mx::float32);
    groups_.push_back(std::move(group));
  }
}

bool LowRankSlots::in_use() const {
  return std::ranges::any_of(rows_->groups(), [this](const AdapterRows::Group& group) {
    return additions_.contains(group.adapter);
  });
}

mx::array LowRankSlots::added_to(const mx::array& y, const mx::array& x) const {
  mx::array sum = y;
  for (const auto& [adapter, rows, scales] : rows_->groups()) {
    const auto found = additions_.find(adapter);
    if (found == additions_.end()) continue;
    const mx::array own = rows ? mx::take(x, *rows, 0) : x;
    mx::array addition = found->second.up.times(found->second.down.times(own));  // [n, N]
    if (scales) addition = mx::multiply(addition, mx::astype(*scales, addition.dtype()));
    assert(rows || addition.shape(0) == y.shape(0));
    sum = rows ? mx::scatter_add(sum, *rows, mx::expand_dims(addition, 1), 0)
               : mx::add(sum, addition);
  }
  return sum;
}

}  // namespace hearth::nn
