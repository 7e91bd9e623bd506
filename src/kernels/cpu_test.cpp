// HEARTH_CPU chooses among what the machine has, and says what that is.
#include "kernels/cpu.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

namespace hearth::kernels {
namespace {

using enum CpuPath;

TEST(Cpu, TakesTheFastestPathUnlessOneIsNamed) {
  EXPECT_EQ(choose_path("", {Scalar, Avx2}).value(), Avx2);
  EXPECT_EQ(choose_path("", {Scalar}).value(), Scalar);
  EXPECT_EQ(choose_path("scalar", {Scalar, Avx2, Avx512}).value(), Scalar);
  EXPECT_EQ(choose_path("avx2", {Scalar, Avx2, Avx512}).value(), Avx2);
}

TEST(Cpu, SaysWhatTheMachineHasWhereANameDoesNotFit) {
  for (const char* wanted : {"avx512", "avx1024", "AVX2"}) {
    const auto path = choose_path(wanted, {Scalar, Avx2});
    ASSERT_FALSE(path) << wanted;
    EXPECT_EQ(path.error().code, ErrorCode::UnsupportedArgument);
    EXPECT_NE(path.error().message.find(wanted), std::string::npos);
    EXPECT_NE(path.error().message.find("scalar, avx2"), std::string::npos);
  }
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
  EXPECT_EQ(machine_paths(), expected);
}

}  // namespace
}  // namespace hearth::kernels
