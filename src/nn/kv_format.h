// How a row of keys or values lies in its pool: as numbers, or packed.
#pragma once

#include "nn/mlx.h"

namespace hearth::nn {

/// One row of a pool. In 16 bits a row holds float16 numbers; what is larger than the largest of
/// them becomes that one. Packed rows are bytes: the codes of all groups, then their scales, then
/// their biases; value = scale * code + bias. A row is packed by itself, so what it holds does not
/// depend on the rows beside it.
struct KvFormat {
  int width = 0;                  ///< numbers of a row
  int bits = 0;                   ///< of a number: 16, 8 or 4; 0: as they are
  mx::Dtype dtype = mx::float32;  ///< of the numbers, and of scales and biases

  /// Elements and dtype of a row as it is stored.
  int stored_width() const;
  mx::Dtype stored_dtype() const;
  int row_bytes() const;

  /// [n, width] numbers → [n, stored_width()].
  mx::array stored(const mx::array& rows) const;
  /// The way back, but for what packing loses.
  mx::array numbers(const mx::array& rows) const;

 private:
  int group_size() const;
  int padded_width() const;
};

}  // namespace hearth::nn
