// Activations as digits: the form in which products with packed weights read them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "kernels/panel_matmul.h"

namespace hearth::kernels {

/// The digits of some rows, in tiles of kTileRows; the last tile may be smaller. Keeps its memory
/// from product to product: one per thread that asks for products.
class Digits {
 public:
  /// Splits `x` for matrices of this width and group, all rows or, where there are many, a part of
  /// them at a time.
  void split(const PanelLayout& w, const Rows& x, const Means& means);

  /// What laid the digits out, and reads them.
  const PanelPath& path() const { return *path_; }
  int tiles() const { return (rows_ + kTileRows - 1) / kTileRows; }
  int rows() const { return rows_; }
  Tile tile(int index) const;

 private:
  /// Rows of a tile's digits, of up to 64 bytes, lie each within a line of the cache.
  struct alignas(64) Line {
    std::array<std::int8_t, 64> digits;
  };

  int rows_of(int tile) const;
  DigitsTarget target(int row);
  void split_row(const Rows& x, int row);

  const PanelPath* path_ = &kPanelScalar;
  int rows_ = 0;
  int count_ = kMostDigits;
  int width_ = 0;
  int group_ = 1;
  int groups_ = 0;
  int block_ = kBlock;
  std::vector<Line> digits_;
  std::vector<float> scales_;
  std::vector<float> sums_;
};

/// `count` numbers of any type as float32.
void to_f32(const void* from, FloatType type, int count, float* to);

/// Writes `count` float32 numbers to element `at` of an array of any type.
void store_f32(const float* from, int count, FloatType type, void* to, std::int64_t at);

/// The address of element `at`.
const void* element(const void* data, FloatType type, std::int64_t at);

}  // namespace hearth::kernels
