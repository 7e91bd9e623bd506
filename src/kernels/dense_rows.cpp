// Copies rows into tiles, and fills their last lanes with zeros.
#include "kernels/dense_rows.h"

#include <algorithm>

#include "kernels/digits.h"

namespace hearth::kernels {

DenseRows::DenseRows(int count, int width)
    : count_(count),
      width_(width),
      steps_((width + kDenseLanes - 1) / kDenseLanes),
      tiles_((count + kDenseRows - 1) / kDenseRows) {}

void DenseRows::pack(const Rows& x, int tile) const {
  const int rows = rows_of(tile);
  float* const tile_memory = memory_ + std::int64_t{first_row(tile)} * steps_ * kDenseLanes;
  for (int row = 0; row < rows; ++row) {
    const std::int64_t from = (first_row(tile) + row) * x.stride;
    float* to = tile_memory + row * kDenseLanes;
    for (int begin = 0; begin < width_; begin += kDenseLanes, to += rows * kDenseLanes) {
      const int count = std::min(kDenseLanes, width_ - begin);
      to_f32(element(x.data, x.type, from + begin), x.type, count, to);
      std::fill(to + count, to + kDenseLanes, 0.0F);
    }
  }
}

DenseTile DenseRows::tile(int index, int begin) const {
  const int rows = rows_of(index);
  const std::int64_t before = std::int64_t{first_row(index)} * steps_ * kDenseLanes;
  return {.x = memory_ + before + std::int64_t{begin} * rows, .rows = rows};
}

float* AlignedFloats::at_least(std::int64_t count) {
  const auto lines = static_cast<std::size_t>((count + kDenseLanes - 1) / kDenseLanes);
  if (lines_.size() < lines) {
    lines_.clear();
    lines_.resize(lines);
  }
  return lines_.empty() ? nullptr : lines_.front().floats.data();
}

}  // namespace hearth::kernels
