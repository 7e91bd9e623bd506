// The device self-check.
#include "engine/self_check.h"

#include <algorithm>
#include <fmt/format.h>
#include <mlx/mlx.h>
#include <mlx/version.h>

#include "base/clock.h"
#include "kernels/cpu.h"
#include "kernels/usable_cores.h"

namespace hearth::engine {
namespace {

namespace mx = mlx::core;

double product_gflops() {
  constexpr int kSide = 1024;
  const mx::array a = mx::full({kSide, kSide}, 0.5f);
  const mx::array b = mx::full({kSide, kSide}, 0.25f);
  mx::eval(a, b);
  double best = 0;
  for (int round = 0; round < 3; ++round) {
    const auto start = base::SteadyClock::now();
    mx::array product = mx::matmul(a, b);
    product.eval();
    best = std::max(best, 2.0 * kSide * kSide * kSide / (base::elapsed_ms(start) * 1e6));
  }
  return best;
}

void describe_kernels(DeviceCheck& check) {
  const auto& path = kernels::cpu_path();
  if (!path)
    check.kernel_fault = path.error().message;
  else
    check.kernels = fmt::format("{} on {} threads{}", kernels::name(*path), kernels::usable_cores(),
                                kernels::worthwhile() ? "" : ", slower than MLX's own: not used");
}

}  // namespace

Result<DeviceCheck> check_device() {
  try {
    DeviceCheck check;
    check.device = mx::default_device() == mx::Device::gpu ? "gpu" : "cpu";
    check.library_version = mx::version();
    check.header_version =
        fmt::format("{}.{}.{}", MLX_VERSION_MAJOR, MLX_VERSION_MINOR, MLX_VERSION_PATCH);
    describe_kernels(check);
    check.matmul_gflops = product_gflops();
    return check;
  } catch (const std::exception& error) {
    return fail(ErrorCode::Internal, "MLX does not work here: {}", error.what());
  }
}

}  // namespace hearth::engine
