// Which rows of which stored tensors make up a tensor of the converted model.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nn/mlx.h"

namespace hearth::convert {

namespace mx = nn::mx;

/// `count` rows of one stored tensor, which is seen as one matrix [rows, last axis].
struct RowRange {
  std::string tensor;
  std::int64_t first = 0;
  std::int64_t count = 0;
  std::int64_t step = 1;  ///< of every `step` rows from `first` on the first one counts
  int width = 0;          ///< cuts the tensor into rows of this many numbers; 0: its last axis
};

/// What a fused adapter adds to a matrix [N, K]: `up` times `down`.
struct LowRankAddition {
  mx::array up;    ///< [N, r] float32, the adapter's scale in it
  mx::array down;  ///< [r, K] float32
};

/// A tensor of the converted model, unpacked: where its numbers come from.
struct Weight {
  std::string name;  ///< as MLX's tools spell it: `model.layers.0.mlp.up_proj.weight`
  mx::Shape shape;
  std::vector<RowRange> ranges;  ///< one below the other
  /// The ranges hold [..., b, a] where `shape` is [..., a, b].
  bool turned = false;
  float added = 0.0F;  ///< to every number
  std::optional<LowRankAddition> addition = {};

  std::int64_t width() const { return shape.empty() ? 1 : shape.back(); }
  std::int64_t elements() const {
    std::int64_t count = 1;
    for (const int length : shape) count *= length;
    return count;
  }
  std::int64_t rows() const { return elements() / (width() == 0 ? 1 : width()); }
  /// The name without ".weight".
  std::string path() const {
    return name.ends_with(".weight") ? name.substr(0, name.size() - 7) : name;
  }
};

}  // namespace hearth::convert
