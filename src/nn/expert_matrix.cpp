// Products of rows with the matrices of their experts.
#include "nn/expert_matrix.h"

#include <algorithm>
#include <utility>

#include "kernels/counters.h"
#include "kernels/expert_product.h"
#include "kernels/panel_matrix.h"
#include "nn/panels.h"

namespace hearth::nn {

namespace {

// On the CPU unpacking an expert costs as much as this many of its packed products.
constexpr int kRowsPerExpert = 3;

// Elements unpacked at a time, over all experts.
constexpr int kBlockElements = 1 << 22;

/// x [R, K] with the plain stack w [E, N, K].
mx::array times_plain(const mx::array& x, const mx::array& w, const ExpertRows& rows) {
  if (kernels_serve()) return kernels::expert_product(x, w, rows.experts);
  const mx::array product = mx::gather_mm(mx::expand_dims(x, 1), mx::swapaxes(w, 1, 2),
                                          /*lhs_indices=*/{}, rows.experts, rows.sorted);
  return mx::squeeze(product, 1);
}

mx::array times_packed(const mx::array& x, const PackedMatrix& w, const ExpertRows& rows) {
  const mx::array product =
      mx::gather_qmm(mx::expand_dims(x, 1), w.codes, w.scales, w.biases, /*lhs_indices=*/{},
                     rows.experts, /*transpose=*/true, w.packing.group_size, w.packing.bits,
                     w.mode(), /*global_scale=*/{}, rows.sorted);
  return mx::squeeze(product, 1);
}

/// With the stack unpacked block by block along N.
mx::array times_unpacked(const mx::array& x, const PackedMatrix& w, const ExpertRows& rows) {
  const int outputs = w.codes.shape(1);
  const int block = std::max(1, kBlockElements / (w.codes.shape(0) * x.shape(1)));
  std::vector<mx::array> parts;
  for (int begin = 0; begin < outputs; begin += block) {
    const PackedMatrix part = slice_rows(w, begin, std::min(begin + block, outputs));
    parts.push_back(times_plain(x, unpack(part), rows));
  }
  return mx::concatenate(parts, 1);
}

/// One array out of every matrix, stacked.
template <class Part>
mx::array stacked(const std::vector<Matrix>& matrices, Part part) {
  std::vector<mx::array> parts;
  parts.reserve(matrices.size());
  for (const Matrix& matrix : matrices) parts.push_back(part(matrix));
  mx::array stack = mx::stack(parts, 0);
  mx::eval(stack);
  return stack;
}

}  // namespace

ExpertMatrix ExpertMatrix::of(const std::vector<Matrix>& matrices, RowPolicy rows) {
  const auto packed_part = [](auto member) {
    return
        [member](const Matrix& matrix) { return std::get<PackedMatrix>(matrix.content()).*member; };
  };
  const auto plain_part = [](const Matrix& matrix) {
    return std::get<mx::array>(matrix.content());
  };
  if (!matrices.front().packed()) return ExpertMatrix(stacked(matrices, plain_part), rows);
  const auto& first = std::get<PackedMatrix>(matrices.front().content());
  std::optional<mx::array> biases;
  if (first.biases)
    biases = stacked(matrices, [](const Matrix& matrix) {
      return *std::get<PackedMatrix>(matrix.content()).biases;
    });
  return ExpertMatrix(PackedMatrix{stacked(matrices, packed_part(&PackedMatrix::codes)),
                                   stacked(matrices, packed_part(&PackedMatrix::scales)),
                                   std::move(biases), first.packing, first.dtype},
                      rows);
}

ExpertMatrix ExpertMatrix::prepared() const {
  const auto* w = std::get_if<PackedMatrix>(&content_);
  if (w == nullptr) return *this;
  std::vector<Panels> panels;
  for (int expert = 0; expert < w->codes.shape(0); ++expert) {
    panels.push_back(panels_of(entry(*w, expert)));
    if (!panels.back()) return *this;
  }
  return ExpertMatrix(std::make_shared<const std::vector<Panels>>(std::move(panels)), rows_);
}

mx::array ExpertMatrix::times(const mx::array& x, const ExpertRows& rows) const {
  if (const auto* w = std::get_if<PanelStack>(&content_))
    return kernels::expert_product(x, *w, rows.experts);
  const auto* packed = std::get_if<PackedMatrix>(&content_);
  if (kernels_serve() && packed != nullptr && packed->packing.mode == PackingMode::Mxfp8)
    return kernels::mxfp8_expert_product(x, packed->codes, packed->scales, rows.experts);
  if (on_cpu() && (packed != nullptr || !kernels_serve()))
    kernels::count_generic(kernels::Operation::ExpertProduct);
  if (packed == nullptr) return times_plain(x, std::get<mx::array>(content_), rows);
  const bool many = x.shape(0) > kRowsPerExpert * packed->codes.shape(0);
  if (on_cpu() && many && rows_ == RowPolicy::Any) return times_unpacked(x, *packed, rows);
  return times_packed(x, *packed, rows);
}

std::size_t ExpertMatrix::bytes() const {
  if (const auto* plain = std::get_if<mx::array>(&content_)) return plain->nbytes();
  if (const auto* packed = std::get_if<PackedMatrix>(&content_)) return packed->bytes();
  std::size_t sum = 0;
  for (const Panels& panels : *std::get<PanelStack>(content_)) sum += panels->bytes();
  return sum;
}

}  // namespace hearth::nn
