// Products with plain and packed matrices.
#include "nn/matrix.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "kernels/counters.h"
#include "kernels/dense_product.h"
#include "kernels/panel_matrix.h"
#include "nn/panels.h"
#include "nn/plain_matrix.h"

namespace hearth::nn {

namespace {

// Where our kernels do not serve: MLX's packed product on the CPU is scalar and costs the same for
// every row of x, while unpacking costs as much as two to three rows and leaves the rest to BLAS:
// measured at K = 256 to 2048.
constexpr int kPackedRows = 2;

// Elements unpacked at a time: the block stays in the cache, and a large head needs no large copy.
constexpr int kBlockElements = 1 << 20;

}  // namespace

/// x Wᵀ with W unpacked block by block.
mx::array Matrix::times_unpacked(const mx::array& x, const PackedMatrix& w) const {
  const int outputs = w.codes.shape(0);
  const int block = std::max(1, kBlockElements / x.shape(1));
  if (outputs <= block) return plain_product(x, unpack(w), rows_);
  std::vector<mx::array> parts;
  for (int begin = 0; begin < outputs; begin += block)
    parts.push_back(
        plain_product(x, unpack(slice_rows(w, begin, std::min(begin + block, outputs))), rows_));
  return mx::concatenate(parts, 1);
}

bool on_cpu() {
  return mx::default_device() == mx::Device::cpu;
}

mx::array Matrix::times(const mx::array& x) const {
  if (const auto* plain = std::get_if<mx::array>(&content_)) return plain_product(x, *plain, rows_);
  if (const auto* w = panels()) return panel_product(x, *w);
  const auto& w = std::get<PackedMatrix>(content_);
  if (x.shape(0) == 0) return mx::zeros({0, w.codes.shape(0)}, x.dtype());  // MLX divides by rows
  if (w.packing.mode == PackingMode::Mxfp8 && kernels_serve())
    return kernels::mxfp8_product(x, w.codes, w.scales);
  kernels::count_generic(kernels::Operation::PackedProduct);
  const bool few = x.shape(0) <= kPackedRows && rows_ == RowPolicy::Any;
  if (on_cpu() ? !few : rows_ == RowPolicy::Fixed) return times_unpacked(x, w);
  return mx::quantized_matmul(x, w.codes, w.scales, w.biases, /*transpose=*/true,
                              w.packing.group_size, w.packing.bits, w.mode());
}

mx::array Matrix::rows(const mx::array& ids) const {
  if (const auto* plain = std::get_if<mx::array>(&content_))
    return in_compute_dtype(mx::take(*plain, ids, 0));
  if (const auto* w = panels()) return panel_rows(*w, ids);
  return unpack(pick(std::get<PackedMatrix>(content_), ids));
}

Matrix Matrix::prepared() const {
  const auto* w = std::get_if<PackedMatrix>(&content_);
  Panels made = w ? panels_of(*w) : nullptr;
  return made ? Matrix(std::move(made), rows_) : *this;
}

std::size_t Matrix::bytes() const {
  if (const auto* plain = std::get_if<mx::array>(&content_)) return plain->nbytes();
  if (const auto* w = panels()) return (*w)->bytes();
  return std::get<PackedMatrix>(content_).bytes();
}

}  // namespace hearth::nn
