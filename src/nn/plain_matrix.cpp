// Plain products by our kernels, or by MLX's.
#include "nn/plain_matrix.h"

#include <vector>

#include "kernels/counters.h"
#include "kernels/dense_product.h"
#include "nn/matrix.h"
#include "nn/panels.h"

namespace hearth::nn {

namespace {

/// x Wᵀ in products of kFixedProductRows rows each; the last one is filled up with zeros.
mx::array tiled_product(const mx::array& x, const mx::array& turned) {
  const int rows = x.shape(0);
  const int width = x.shape(1);
  if (rows == 0) return mx::zeros({0, turned.shape(1)}, x.dtype());  // no row's logits are wanted
  const int tiles = (rows + kFixedProductRows - 1) / kFixedProductRows;
  const int filled = tiles * kFixedProductRows;
  const mx::array zeros = mx::zeros({filled - rows, width}, x.dtype());
  const mx::array padded = filled == rows ? x : mx::concatenate({x, zeros}, 0);
  std::vector<mx::array> parts;
  for (int begin = 0; begin < filled; begin += kFixedProductRows)
    parts.push_back(
        mx::matmul(mx::slice(padded, {begin, 0}, {begin + kFixedProductRows, width}), turned));
  return mx::slice(mx::concatenate(parts, 0), {0, 0}, {rows, turned.shape(1)});
}

}  // namespace

mx::array in_compute_dtype(const mx::array& a) {
  return on_cpu() && mx::issubdtype(a.dtype(), mx::floating) ? mx::astype(a, mx::float32) : a;
}

mx::array plain_product(const mx::array& x, const mx::array& w, RowPolicy rows) {
  if (kernels_serve()) return kernels::dense_product(x, w);
  if (on_cpu()) kernels::count_generic(kernels::Operation::DenseProduct);
  const mx::array turned = mx::transpose(w);
  return rows == RowPolicy::Fixed ? tiled_product(x, turned) : mx::matmul(x, turned);
}

}  // namespace hearth::nn
