// Which instruction sets this processor offers, and which of them the kernels use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hearth::kernels {

/// One build of every kernel; each gives the same bits.
enum class CpuPath {
  Scalar,  ///< plain C++: the reference that the others are tested against
  Avx2,    ///< AVX2, FMA, F16C and BMI2
  Avx512,  ///< AVX-512 F, BW, DQ, VL, VBMI and VNNI
  Amx,     ///< Avx512, and tiles of 8-bit numbers for packed weights and many rows
};

/// "scalar", "avx2", "avx512", "amx".
std::string_view name(CpuPath path);

/// The paths that this machine can run, slowest first. Asks processor and operating system, which
/// grants this process the use of tiles then.
const std::vector<CpuPath>& machine_paths();

/// What computes on `path` where no tile does: Avx512 for Amx, others themselves.
CpuPath vector_path(CpuPath path);

/// True where the processor has AVX-VNNI, with which the path Avx2 multiplies 8-bit numbers in one
/// instruction instead of three.
bool has_avx_vnni();

/// The path that `wanted` names, or the fastest of `offered` where it is empty.
/// @returns an error that lists what is offered where the name is unknown or the machine too old.
Result<CpuPath> choose_path(std::string_view wanted, const std::vector<CpuPath>& offered);

/// The path of this process: HEARTH_CPU, or the fastest. Read once. Any thread.
const Result<CpuPath>& cpu_path();

/// True where the kernels beat MLX's own: not with plain C++, unless HEARTH_CPU asks for it, and
/// not on macOS. False also where HEARTH_CPU is wrong.
bool worthwhile();

}  // namespace hearth::kernels
