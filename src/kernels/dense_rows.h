// Activations in the order in which products with plain weights read them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kernels/dense_path.h"
#include "kernels/panel_matmul.h"

namespace hearth::kernels {

/// The rows of one product as float32, in tiles of at most kDenseRows rows, all about as large: of
/// each tile sixteen inputs of each row, then the next sixteen.
class DenseRows {
 public:
  /// @param count  rows
  /// @param width  K
  DenseRows(int count, int width);

  int tiles() const { return tiles_; }
  int first_row(int tile) const { return count_ * tile / tiles_; }
  int rows_of(int tile) const { return first_row(tile + 1) - first_row(tile); }

  /// Memory that pack() fills.
  std::int64_t floats() const { return std::int64_t{count_} * steps_ * kDenseLanes; }
  void use(float* memory) { memory_ = memory; }

  /// Fills one tile. Any thread; different tiles at the same time.
  void pack(const Rows& x, int tile) const;

  /// Inputs from `begin`, a multiple of kDenseLanes, on.
  DenseTile tile(int index, int begin) const;

 private:
  int count_;
  int width_;
  int steps_;
  int tiles_;
  float* memory_ = nullptr;
};

/// Floats whose first one lies at a multiple of 64 bytes.
class AlignedFloats {
 public:
  /// At least `count` floats; what they held is lost where there were fewer.
  float* at_least(std::int64_t count);

 private:
  struct alignas(64) Line {
    std::array<float, kDenseLanes> floats;
  };
  std::vector<Line> lines_;
};

}  // namespace hearth::kernels
