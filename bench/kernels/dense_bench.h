// Lines of `./dev bench kernels`: products with plain weights and with experts.
#pragma once

#include "kernels/cpu.h"
#include "kernels/roofs.h"

namespace hearth::bench {

/// Registers them; `roofs` must live until they have run. Beside each: how many times faster than
/// MLX, which multiplies float32 by OpenBLAS and takes experts row by row.
void add_dense_lines(const Roofs& roofs, kernels::CpuPath path);

}  // namespace hearth::bench
