// Reads sizes and strides off arrays.
#include "kernels/plane.h"

#include <cstring>

namespace hearth::kernels {

namespace mx = mlx::core;

Plane plane_of(const mx::array& a, int index) {
  const std::size_t first = a.ndim() - 2;
  const std::int64_t before = first == 0 ? 0 : index * a.strides(0);
  return {.data = a.data<std::uint8_t>() + before * static_cast<std::int64_t>(a.itemsize()),
          .rows = a.shape(static_cast<int>(first)),
          .columns = a.shape(static_cast<int>(first + 1)),
          .row_stride = a.strides(static_cast<int>(first)),
          .column_stride = a.strides(static_cast<int>(first + 1)),
          .item = a.itemsize(),
          .dtype = a.dtype()};
}

Plane in_rows(Plane plane, std::vector<std::uint8_t>& copy) {
  if (plane.column_stride == 1 || plane.columns == 1) return plane;
  copy.resize(static_cast<std::size_t>(plane.rows * plane.columns) * plane.item);
  const auto item = static_cast<std::int64_t>(plane.item);
  for (std::int64_t r = 0; r < plane.rows; ++r)
    for (std::int64_t c = 0; c < plane.columns; ++c)
      std::memcpy(copy.data() + (r * plane.columns + c) * item,
                  plane.data + (r * plane.row_stride + c * plane.column_stride) * item, plane.item);
  plane.data = copy.data();
  plane.row_stride = plane.columns;
  plane.column_stride = 1;
  return plane;
}

std::vector<float> gathered(const float* data, const mx::Shape& shape, const mx::Strides& strides) {
  std::vector<float> numbers;
  std::vector<int> at(shape.size(), 0);
  for (bool more = !at.empty(); more;) {
    std::int64_t place = 0;
    for (std::size_t axis = 0; axis < at.size(); ++axis) place += at[axis] * strides[axis];
    numbers.push_back(data[place]);
    std::size_t axis = at.size();
    while (axis > 0 && ++at[axis - 1] == shape[axis - 1]) at[--axis] = 0;
    more = axis > 0;
  }
  return numbers;
}

const float* Numbers::read(std::vector<float>& copy) const {
  if (in_rows) return data;
  copy = gathered(data, shape, strides);
  return copy.data();
}

Numbers numbers_of(const mx::array& a) {
  return {.data = a.data<float>(),
          .in_rows = a.flags().row_contiguous,
          .shape = a.shape(),
          .strides = a.strides()};
}

FloatType float_type(const mx::Dtype& dtype) {
  if (dtype == mx::bfloat16) return FloatType::BF16;
  return dtype == mx::float16 ? FloatType::F16 : FloatType::F32;
}

}  // namespace hearth::kernels
