// Unpacks and cuts packed matrices.
#include "nn/packed_matrix.h"

namespace hearth::nn {

namespace {

/// The same cut of codes, scales and biases.
template <class Cut>
PackedMatrix cut_all(const PackedMatrix& w, Cut cut) {
  std::optional<mx::array> biases;
  if (w.biases) biases = cut(*w.biases);
  return {cut(w.codes), cut(w.scales), std::move(biases), w.packing, w.dtype};
}

}  // namespace

std::size_t PackedMatrix::bytes() const {
  return codes.nbytes() + scales.nbytes() + (biases ? biases->nbytes() : 0);
}

mx::array unpack(const PackedMatrix& w) {
  std::optional<mx::Dtype> dtype;
  if (w.packing.mode != PackingMode::Affine) dtype = w.dtype;
  return mx::dequantize(w.codes, w.scales, w.biases, w.packing.group_size, w.packing.bits, w.mode(),
                        /*global_scale=*/{}, dtype);
}

PackedMatrix slice_rows(const PackedMatrix& w, int begin, int end) {
  return cut_all(w, [&](const mx::array& a) {
    mx::Shape from(a.ndim(), 0);
    mx::Shape to = a.shape();
    from[a.ndim() - 2] = begin;
    to[a.ndim() - 2] = end;
    return mx::slice(a, std::move(from), std::move(to));
  });
}

PackedMatrix entry(const PackedMatrix& stack, int index) {
  return cut_all(stack, [&](const mx::array& a) {
    return mx::squeeze(mx::slice(a, {index, 0, 0}, {index + 1, a.shape(1), a.shape(2)}), 0);
  });
}

PackedMatrix pick(const PackedMatrix& w, const mx::array& ids) {
  return cut_all(w, [&](const mx::array& a) { return mx::take(a, ids, 0); });
}

}  // namespace hearth::nn
