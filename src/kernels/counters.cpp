// One counter per operation and path.
#include "kernels/counters.h"

#include <array>
#include <atomic>

namespace hearth::kernels {

namespace {

constexpr std::array<std::string_view, 5> kOperations{"packed_product", "dense_product",
                                                      "expert_product", "norm", "attention"};
constexpr std::array kPaths{CpuPath::Scalar, CpuPath::Avx2, CpuPath::Avx512, CpuPath::Amx};
constexpr std::size_t kGeneric = kPaths.size();

using OfPaths = std::array<std::atomic<std::uint64_t>, kPaths.size() + 1>;
std::array<OfPaths, kOperations.size()> counters;

std::string_view path_name(std::size_t path) {
  return path == kGeneric ? "generic" : name(kPaths[path]);
}

void count_at(Operation operation, std::size_t path) {
  counters[static_cast<std::size_t>(operation)][path].fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

void count(Operation operation, CpuPath path) {
  count_at(operation, static_cast<std::size_t>(path));
}

void count_generic(Operation operation) {
  count_at(operation, kGeneric);
}

std::vector<KernelCount> kernel_counts() {
  std::vector<KernelCount> counts;
  for (std::size_t operation = 0; operation < kOperations.size(); ++operation)
    for (std::size_t path = 0; path <= kGeneric; ++path)
      if (const auto calls = counters[operation][path].load(std::memory_order_relaxed); calls > 0)
        counts.push_back({kOperations[operation], path_name(path), calls});
  return counts;
}

}  // namespace hearth::kernels
