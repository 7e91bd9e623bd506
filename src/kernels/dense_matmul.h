// x Wᵀ with a plain W: whole products, on the process's threads.
#pragma once

#include <span>

#include "kernels/cpu.h"
#include "kernels/dense_path.h"
#include "kernels/panel_matmul.h"
#include "kernels/thread_pool.h"

namespace hearth::kernels {

/// y [count, N] = x Wᵀ, in x's type, row after row.
struct DenseProduct {
  DenseView w;
  Rows x;
  void* y;
};

/// The functions of a path that this build has.
const DensePath& dense_path(CpuPath path);

/// Computes all products, as if they were one: their pieces are shared out together.
///
/// Products and sums are float32's, in the order that dense_path.h tells. So a row's bits depend
/// neither on the other rows, nor on the number of threads, nor on the path. What is no finite
/// number spreads as in any product. Sizes that do not fit together are the caller's mistake.
void dense_matmul(std::span<const DenseProduct> products, CpuPath path, ThreadPool& pool);

}  // namespace hearth::kernels
