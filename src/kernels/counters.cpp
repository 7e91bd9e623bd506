// One counter per path.
#include "kernels/counters.h"

#include <array>
#include <atomic>

namespace hearth::kernels {

namespace {

constexpr std::array kPaths{CpuPath::Scalar, CpuPath::Avx2, CpuPath::Avx512};

std::array<std::atomic<std::uint64_t>, kPaths.size()> products;
std::atomic<std::uint64_t> generic_products;

}  // namespace

void count_product(CpuPath path) {
  products[static_cast<std::size_t>(path)].fetch_add(1, std::memory_order_relaxed);
}

void count_generic_product() {
  generic_products.fetch_add(1, std::memory_order_relaxed);
}

std::vector<PathCount> path_counts() {
  std::vector<PathCount> counts;
  for (const CpuPath path : kPaths)
    counts.push_back({name(path), products[static_cast<std::size_t>(path)].load()});
  counts.push_back({"generic", generic_products.load()});
  return counts;
}

}  // namespace hearth::kernels
