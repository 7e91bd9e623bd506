// Decides which products the kernels serve.
#include "nn/kernel_product.h"

#include "kernels/counters.h"
#include "kernels/cpu.h"
#include "kernels/dense_product.h"
#include "kernels/packed_product.h"

namespace hearth::nn {

std::optional<mx::array> kernel_product(const mx::array& x, const PackedMatrix& w) {
  const PackingMode mode = w.packing.mode;
  if (!kernels::worthwhile()) {
    kernels::count_generic(kernels::Operation::PackedProduct);
    return {};
  }
  if (mode == PackingMode::Mxfp8) return kernels::mxfp8_product(x, w.codes, w.scales);
  return kernels::packed_product(
      x, {w.codes, w.scales, w.biases},
      {.bits = w.packing.bits, .group = w.packing.group_size, .e2m1 = mode != PackingMode::Affine});
}

}  // namespace hearth::nn
