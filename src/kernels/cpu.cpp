// Asks CPUID and the operating system, and reads HEARTH_CPU.
#include "kernels/cpu.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fmt/ranges.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif

namespace hearth::kernels {

namespace {

#ifdef __x86_64__

struct Registers {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
};

Registers cpuid(unsigned leaf, unsigned sub) {
  Registers r;
  __get_cpuid_count(leaf, sub, &r.a, &r.b, &r.c, &r.d);
  return r;
}

bool all_bits(std::uint64_t value, std::uint64_t wanted) {
  return (value & wanted) == wanted;
}

/// Register files that the operating system saves on a switch (XCR0).
std::uint64_t saved_state() {
  constexpr unsigned kOsxsave = 1U << 27U;
  if ((cpuid(1, 0).c & kOsxsave) == 0) return 0;
  unsigned low = 0;
  unsigned high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return std::uint64_t{high} << 32U | low;
}

std::vector<CpuPath> find_paths() {
  constexpr std::uint64_t kAvxState = 0x6;
  constexpr std::uint64_t kAvx512State = 0xE6;
  constexpr unsigned kFmaAvxF16c = 1U << 12U | 1U << 28U | 1U << 29U;           // leaf 1, ecx
  constexpr unsigned kAvx2Bmi2 = 1U << 5U | 1U << 8U;                           // leaf 7, ebx
  constexpr unsigned kFDqBwVl = 1U << 16U | 1U << 17U | 1U << 30U | 1U << 31U;  // leaf 7, ebx
  constexpr unsigned kVbmiVnni = 1U << 1U | 1U << 11U;                          // leaf 7, ecx
  std::vector<CpuPath> paths{CpuPath::Scalar};
  const std::uint64_t state = saved_state();
  const Registers extended = cpuid(7, 0);
  if (!all_bits(state, kAvxState) || !all_bits(cpuid(1, 0).c, kFmaAvxF16c) ||
      !all_bits(extended.b, kAvx2Bmi2))
    return paths;
  paths.push_back(CpuPath::Avx2);
  if (all_bits(state, kAvx512State) && all_bits(extended.b, kFDqBwVl) &&
      all_bits(extended.c, kVbmiVnni))
    paths.push_back(CpuPath::Avx512);
  return paths;
}

#else

std::vector<CpuPath> find_paths() {
  return {CpuPath::Scalar};
}

#endif

std::string_view wanted_path() {
  const char* text = std::getenv("HEARTH_CPU");
  return text ? text : "";
}

}  // namespace

std::string_view name(CpuPath path) {
  switch (path) {
    case CpuPath::Scalar:
      return "scalar";
    case CpuPath::Avx2:
      return "avx2";
    case CpuPath::Avx512:
      return "avx512";
  }
  return "";
}

const std::vector<CpuPath>& machine_paths() {
  static const std::vector<CpuPath> kPaths = find_paths();
  return kPaths;
}

Result<CpuPath> choose_path(std::string_view wanted, const std::vector<CpuPath>& offered) {
  if (wanted.empty()) return offered.back();
  std::vector<std::string_view> names;
  for (const CpuPath path : offered) {
    if (name(path) == wanted) return path;
    names.push_back(name(path));
  }
  return fail(ErrorCode::UnsupportedArgument,
              "HEARTH_CPU=\"{}\": this machine cannot run it (it has {}): choose one of these, or "
              "unset HEARTH_CPU",
              wanted, fmt::join(names, ", "));
}

const Result<CpuPath>& cpu_path() {
  static const Result<CpuPath> kPath = choose_path(wanted_path(), machine_paths());
  return kPath;
}

bool worthwhile() {
#ifdef __APPLE__
  return false;
#else
  return cpu_path() && (*cpu_path() != CpuPath::Scalar || !wanted_path().empty());
#endif
}

}  // namespace hearth::kernels
