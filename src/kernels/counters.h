// Which path computed how many products: what a benchmark measured, and what a user runs on.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/cpu.h"

namespace hearth::kernels {

struct PathCount {
  std::string_view path;  ///< "scalar", "avx2", "avx512", or "generic" for MLX's own
  std::uint64_t products = 0;
};

/// A quantised product was computed on `path`. Any thread.
void count_product(CpuPath path);

/// A product of a packed matrix went to MLX's own operations. Any thread.
void count_generic_product();

/// All paths of this build since the process began, the generic one last.
std::vector<PathCount> path_counts();

}  // namespace hearth::kernels
