// Normalisation of rows, alone or of the sum of two, on the process's threads.
#pragma once

#include <cstdint>

#include "kernels/thread_pool.h"

namespace hearth::kernels {

/// What is done to rows of `width` numbers.
struct NormRows {
  bool centred = false;  ///< (x - mean) / deviation instead of x / rms(x)
  float epsilon = 1e-6F;
  const float* weight = nullptr;  ///< [width] or null
  const float* bias = nullptr;    ///< [width] or null
  int width = 0;
};

/// Where rows lie, one after another. `sum` and `y` may be `x` or `added` themselves.
struct NormMemory {
  const float* x;
  const float* added = nullptr;  ///< null: x alone is normalised
  float* sum = nullptr;          ///< x + added; null where there is nothing added
  float* y;
  std::int64_t rows;
};

/// y = norm(x + added) * weight + bias, in float32. A row's bits depend on nothing but the row.
void norm_rows(const NormRows& norm, const NormMemory& at, ThreadPool& pool);

}  // namespace hearth::kernels
