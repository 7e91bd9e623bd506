// x Wᵀ with a packed W: the whole product, on the process's threads.
#pragma once

#include <cstdint>

#include "kernels/cpu.h"
#include "kernels/quantised_path.h"
#include "kernels/thread_pool.h"

namespace hearth::kernels {

enum class FloatType { F32, BF16, F16 };

/// Rows x [count, K] of numbers that lie side by side within a row.
struct Rows {
  const void* data;
  FloatType type;
  std::int64_t stride;  ///< elements from row to row
  int count;
};

/// How a product is computed.
struct Means {
  CpuPath path;
  ThreadPool& pool;
  int digits = kMostDigits;  ///< bytes of an activation: 1, 2 or 3
};

/// The functions of a path that this build has.
const QuantisedPath& quantised_path(CpuPath path);

/// y [count, N] = x Wᵀ, in x's type, row after row.
///
/// Activations are rounded to 8, 16 or 24 bits relative to the largest of their group, products and
/// sums within a group are exact, groups are added in float32 in their order. So a row's bits
/// depend neither on the other rows, nor on the number of threads, nor on the path. Rows with a NaN
/// or an infinity give NaN. Sizes that do not fit together are the caller's mistake.
void quantised_matmul(const PackedView& w, const Rows& x, void* y, const Means& means);

}  // namespace hearth::kernels
