// Asks CPUID and the operating system, and reads HEARTH_CPU.
#include "kernels/cpu.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fmt/ranges.h>
#ifdef __x86_64__
#include <cpuid.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
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

/// Linux saves the tiles' 8 KB for processes that ask for it; all threads have them then, also
/// those that begin later. It refuses where a signal stack is too small for them.
bool tiles_granted() {
#ifdef __linux__
  constexpr long kRequestState = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr long kTileData = 18;          // number of the state's part
  return ::syscall(SYS_arch_prctl, kRequestState, kTileData) == 0;
#else
  return false;
#endif
}

/// Whether there are tiles as the kernels shape them, and leave to use them.
bool has_tiles(std::uint64_t state) {
  constexpr std::uint64_t kTileState = 0x60000;
  constexpr unsigned kTileInt8 = 1U << 24U | 1U << 25U;  // leaf 7, edx
  if (!all_bits(state, kTileState) || !all_bits(cpuid(7, 0).d, kTileInt8)) return false;
  const Registers palette = cpuid(0x1D, 1);
  const unsigned tiles = palette.b >> 16U;
  const unsigned row_bytes = palette.b & 0xFFFFU;
  const unsigned rows = palette.c & 0xFFFFU;
  return tiles >= 8 && row_bytes >= 64 && rows >= 16 && tiles_granted();
}

bool find_avx_vnni() {
  constexpr unsigned kAvxVnni = 1U << 4U;  // leaf 7.1, eax
  return cpuid(7, 0).a >= 1 && all_bits(cpuid(7, 1).a, kAvxVnni);
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
  if (paths.back() == CpuPath::Avx512 && has_tiles(state)) paths.push_back(CpuPath::Amx);
  return paths;
}

#else

bool find_avx_vnni() {
  return false;
}

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
    case CpuPath::Amx:
      return "amx";
  }
  return "";
}

const std::vector<CpuPath>& machine_paths() {
  static const std::vector<CpuPath> kMachinePaths = find_paths();
  return kMachinePaths;
}

CpuPath vector_path(CpuPath path) {
  return path == CpuPath::Amx ? CpuPath::Avx512 : path;
}

bool has_avx_vnni() {
  static const bool kHas = find_avx_vnni();
  return kHas;
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
