// Takes strides and types off planes.
#include "kernels/dense_view.h"

namespace hearth::kernels {

namespace {

WeightType weight_type(const mlx::core::Dtype& dtype) {
  switch (float_type(dtype)) {
    case FloatType::F32:
      return WeightType::F32;
    case FloatType::BF16:
      return WeightType::BF16;
    case FloatType::F16:
      return WeightType::F16;
  }
  return WeightType::F32;
}

}  // namespace

DenseView dense_view(const Plane& weights, const std::optional<Plane>& scales) {
  constexpr int kCodesPerWord = 4;
  const int words = scales ? kCodesPerWord : 1;
  return {.data = weights.data,
          .stride = weights.row_stride * words,
          .scales = scales ? scales->data : nullptr,
          .scale_stride = scales ? scales->row_stride : 0,
          .type = scales ? WeightType::Mxfp8 : weight_type(weights.dtype),
          .outputs = static_cast<int>(weights.rows),
          .width = static_cast<int>(weights.columns) * words};
}

}  // namespace hearth::kernels
