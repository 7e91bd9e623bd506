// HEARTH_CPU chooses among what the machine has, and says what that is.
#include "kernels/cpu.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace hearth::kernels {
namespace {

using enum CpuPath;

/// Whether machine_paths() was granted what it asked for.
bool may_use_tiles() {
  std::uint64_t granted = 0;
#if defined(__x86_64__) && defined(__linux__)
  constexpr long kGetState = 0x1022;  // ARCH_GET_XCOMP_PERM
  machine_paths();
  if (::syscall(SYS_arch_prctl, kGetState, &granted) != 0) return false;
#endif
  return (granted >> 18U & 1U) != 0;
}

TEST(Cpu, TakesTheFastestPathUnlessOneIsNamed) {
  EXPECT_EQ(choose_path("", {Scalar, Avx2}).value(), Avx2);
  EXPECT_EQ(choose_path("", {Scalar}).value(), Scalar);
  EXPECT_EQ(choose_path("scalar", {Scalar, Avx2, Avx512}).value(), Scalar);
  EXPECT_EQ(choose_path("avx2", {Scalar, Avx2, Avx512}).value(), Avx2);
  EXPECT_EQ(choose_path("", {Scalar, Avx2, Avx512, Amx}).value(), Amx);
  EXPECT_EQ(choose_path("amx", {Scalar, Avx2, Avx512, Amx}).value(), Amx);
}

TEST(Cpu, SaysWhatTheMachineHasWhereANameDoesNotFit) {
  for (const char* wanted : {"avx512", "amx", "avx1024", "AVX2"}) {
    const auto path = choose_path(wanted, {Scalar, Avx2});
    ASSERT_FALSE(path) << wanted;
    EXPECT_EQ(path.error().code, ErrorCode::UnsupportedArgument);
    EXPECT_NE(path.error().message.find(wanted), std::string::npos);
    EXPECT_NE(path.error().message.find("scalar, avx2"), std::string::npos);
  }
}

TEST(Cpu, TilesBorrowTheVectorsOfAvx512) {
  EXPECT_EQ(vector_path(Amx), Avx512);
  for (const CpuPath path : {Scalar, Avx2, Avx512}) EXPECT_EQ(vector_path(path), path);
}

TEST(Cpu, FindsWhatTheKernelFinds) {
  std::ifstream file("/proc/cpuinfo");
  std::stringstream text;
  text << file.rdbuf();
  const std::string facts = text.str();
  // Elsewhere than on x86 there are no such flags, and no path but the scalar one.
  const auto has = [&](const char* flag) {
    return facts.find(std::string(" ") + flag) != std::string::npos;
  };
  std::vector<CpuPath> expected{Scalar};
  if (has("avx2") && has("fma") && has("f16c") && has("bmi2")) expected.push_back(Avx2);
  if (has("avx512bw") && has("avx512dq") && has("avx512vl") && has("avx512vbmi") &&
      has("avx512_vnni"))
    expected.push_back(Avx512);
  // Where there are tiles, the system may still have refused them to this process.
  if (expected.back() == Avx512 && has("amx_tile") && has("amx_int8") && may_use_tiles())
    expected.push_back(Amx);
  EXPECT_EQ(machine_paths(), expected);
  EXPECT_EQ(has_avx_vnni(), has("avx_vnni"));
}

}  // namespace
}  // namespace hearth::kernels
