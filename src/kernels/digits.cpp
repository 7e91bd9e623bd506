// Splits activations tile by tile, and turns their formats into each other.
#include "kernels/digits.h"

#include <algorithm>
#include <cstring>

#include "kernels/number_formats.h"

namespace hearth::kernels {

namespace {

// Fewer activations than this are split faster than other threads are called.
constexpr std::int64_t kDigitsWorthSharing = 1 << 15;

}  // namespace

void to_f32(const void* from, FloatType type, int count, float* to) {
  const auto* words = static_cast<const std::uint16_t*>(from);
  switch (type) {
    case FloatType::F32:
      std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
      break;
    case FloatType::BF16:
      std::transform(words, words + count, to, from_bf16);
      break;
    case FloatType::F16:
      std::transform(words, words + count, to, from_f16);
      break;
  }
}

void store_f32(const float* from, int count, FloatType type, void* to, std::int64_t at) {
  auto* words = static_cast<std::uint16_t*>(to) + at;
  switch (type) {
    case FloatType::F32:
      std::copy_n(from, count, static_cast<float*>(to) + at);
      break;
    case FloatType::BF16:
      std::transform(from, from + count, words, to_bf16);
      break;
    case FloatType::F16:
      std::transform(from, from + count, words, to_f16);
      break;
  }
}

const void* element(const void* data, FloatType type, std::int64_t at) {
  const std::int64_t size = type == FloatType::F32 ? 4 : 2;
  return static_cast<const std::uint8_t*>(data) + at * size;
}

int Digits::rows_of(int tile) const {
  return std::min(kTileRows, rows_ - tile * kTileRows);
}

Tile Digits::tile(int index) const {
  const std::int64_t before = std::int64_t{index} * kTileRows;
  return {.digits = digits_.data()->digits.data() + before * width_ * count_,
          .scales = scales_.data() + before * groups_,
          .sums = sums_.data() + before * groups_,
          .rows = rows_of(index),
          .count = count_,
          .block = block_};
}

DigitsTarget Digits::target(int row) {
  const int tile = row / kTileRows;
  const std::int64_t before = std::int64_t{tile} * kTileRows;
  const int inside = row % kTileRows;
  return {.digits = digits_.data()->digits.data() + before * width_ * count_ +
                    std::int64_t{inside} * count_ * block_,
          .scales = scales_.data() + before * groups_ + inside,
          .sums = sums_.data() + before * groups_ + inside,
          .rows = rows_of(tile),
          .count = count_,
          .width = width_,
          .group = group_,
          .block = block_};
}

void Digits::split_row(const Rows& x, int row) {
  const void* from = element(x.data, x.type, row * x.stride);
  if (x.type == FloatType::F32) {
    path_->split(static_cast<const float*>(from), target(row));
    return;
  }
  thread_local std::vector<float> converted;
  converted.resize(static_cast<std::size_t>(width_));
  to_f32(from, x.type, width_, converted.data());
  path_->split(converted.data(), target(row));
}

void Digits::split(const PanelLayout& w, const Rows& x, const Means& means) {
  path_ = &panel_path(means, x.count);
  rows_ = x.count;
  count_ = means.digits;
  width_ = w.width;
  group_ = w.group;
  groups_ = w.width / w.group;
  block_ = std::min(path_->block, group_);
  const auto digits = static_cast<std::size_t>(std::int64_t{rows_} * width_ * count_);
  const auto groups = static_cast<std::size_t>(std::int64_t{rows_} * groups_);
  digits_.resize((digits + sizeof(Line) - 1) / sizeof(Line));
  scales_.resize(groups);
  sums_.resize(groups);
  const auto split_tile = [&](int tile) {
    const int first = tile * kTileRows;
    for (int row = first; row < first + rows_of(tile); ++row) split_row(x, row);
  };
  if (std::int64_t{rows_} * width_ >= kDigitsWorthSharing)
    means.pool.run(tiles(), split_tile);
  else
    for (int tile = 0; tile < tiles(); ++tile) split_tile(tile);
}

}  // namespace hearth::kernels
