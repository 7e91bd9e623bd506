// What the device library under the engine is, and whether it works as it should.
#pragma once

#include <string>

#include "base/result.h"

namespace hearth::engine {

struct DeviceCheck {
  std::string device;           ///< "cpu", "gpu"
  std::string library_version;  ///< of MLX as loaded
  std::string header_version;   ///< of MLX as compiled against; they must be equal
  std::string kernels;          ///< our own for the CPU: "avx512 on 2 threads"
  std::string kernel_fault;     ///< why they cannot run, where HEARTH_CPU is wrong
  double matmul_gflops = 0;     ///< one float32 product of 1024 x 1024 matrices, best of three
};

/// Runs a matrix product on the calling thread, which should do nothing else with MLX afterwards
/// but end. A BLAS that was not replaced by the fast one shows as a tenth of the usual figure.
Result<DeviceCheck> check_device();

}  // namespace hearth::engine
