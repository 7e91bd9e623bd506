// What was computed is counted by operation and path.
#include "kernels/counters.h"

#include <gtest/gtest.h>
#include <string>

namespace hearth::kernels {
namespace {

std::uint64_t calls(std::string_view operation, std::string_view path) {
  for (const KernelCount& count : kernel_counts())
    if (count.operation == operation && count.path == path) return count.calls;
  return 0;
}

TEST(Counters, EachOperationAndPathByItself) {
  const auto product = calls("packed_product", "scalar");
  const auto norm = calls("norm", "generic");
  const auto other = calls("norm", "scalar");
  count(Operation::PackedProduct, CpuPath::Scalar);
  count(Operation::PackedProduct, CpuPath::Scalar);
  count_generic(Operation::Norm);
  EXPECT_EQ(calls("packed_product", "scalar"), product + 2);
  EXPECT_EQ(calls("norm", "generic"), norm + 1);
  EXPECT_EQ(calls("norm", "scalar"), other);
}

}  // namespace
}  // namespace hearth::kernels
