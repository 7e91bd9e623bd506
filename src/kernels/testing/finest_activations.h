// For tests that prove formulas: products of the whole test program take the finest activations
// there are, unless another width is asked for. What coarser ones do to answers is measured by
// `./dev bench quality`.
#pragma once

#include <cstdlib>

namespace hearth::kernels::testing {

/// Set before the first product reads it.
[[maybe_unused]] inline const int kFinestActivations =
    ::setenv("HEARTH_ACTIVATIONS", "24-bit", /*replace=*/0);

}  // namespace hearth::kernels::testing
