// Which path computed how many operations: what a benchmark measured, and what a user runs on.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/cpu.h"

namespace hearth::kernels {

/// What is counted, one for each call.
enum class Operation {
  PackedProduct,  ///< several products of the same rows count once
  DenseProduct,   ///< with a matrix of plain numbers, or of mxfp8
  ExpertProduct,  ///< with the matrices of the experts that the rows belong to
  Norm,
  Attention,  ///< of one layer in one step
};

/// `operation` was computed by the kernels on `path`; what knows no tiles counts for the path of
/// the vectors that it computed with. Any thread.
void count(Operation operation, CpuPath path);

/// `operation` went to MLX's own operations. Any thread.
void count_generic(Operation operation);

struct KernelCount {
  std::string_view operation;  ///< "packed_product", "dense_product" ...
  std::string_view path;       ///< "scalar", "avx2", "avx512", "amx", or "generic" for MLX's own
  std::uint64_t calls = 0;
};

/// What was counted since the process began, without what never happened.
std::vector<KernelCount> kernel_counts();

}  // namespace hearth::kernels
