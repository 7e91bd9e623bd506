// Reserved memory costs nothing until it is written.
#include "kernels/page_memory.h"

#include <fstream>
#include <gtest/gtest.h>
#include <limits>
#include <unistd.h>

namespace hearth::kernels {
namespace {

/// Bytes of this process that lie in memory, as Linux counts them.
std::size_t resident() {
  std::size_t all = 0;
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> all >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(PageMemory, IsTakenWhereItIsWritten) {
  constexpr std::size_t kReserved = std::size_t{4} << 30;
  constexpr std::size_t kWritten = std::size_t{16} << 20;
  const std::size_t before = page_memory_reserved();
  auto memory = page_memory(kReserved);
  if (!memory) GTEST_SKIP() << "this system refuses addresses without memory";
  EXPECT_EQ(page_memory_reserved(), before + kReserved);
  EXPECT_EQ(memory.get()[kReserved - 1], 0);
  [[maybe_unused]] const std::size_t at_first = resident();
  for (std::size_t i = 0; i < kWritten; i += 4096) memory.get()[i] = 1;
#ifdef __linux__
  EXPECT_LT(at_first, kReserved);
  EXPECT_GE(resident(), at_first + kWritten / 2);
#endif
  memory.reset();
  EXPECT_EQ(page_memory_reserved(), before);
}

TEST(PageMemory, RefusesWhatNoAddressSpaceHolds) {
  EXPECT_EQ(page_memory(std::numeric_limits<std::size_t>::max() / 2), nullptr);
  EXPECT_EQ(page_memory(0), nullptr);
}

}  // namespace
}  // namespace hearth::kernels
