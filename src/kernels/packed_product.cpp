// An MLX primitive around the quantised product.
#include "kernels/packed_product.h"

#include <cstring>
#include <mlx/allocator.h>
#include <mlx/backend/cpu/encoder.h>
#include <mlx/device.h>
#include <mlx/primitives.h>
#include <mlx/stream.h>
#include <mlx/utils.h>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kernels/activation_digits.h"
#include "kernels/quantised_matmul.h"

namespace hearth::kernels {

namespace {

namespace mx = mlx::core;

/// An evaluated matrix as plain memory: what a task may keep after the array is gone.
struct Plane {
  const std::uint8_t* data;
  std::int64_t rows;
  std::int64_t columns;
  std::int64_t row_stride;     // elements
  std::int64_t column_stride;  // elements
  std::size_t item;            // bytes
  mx::Dtype dtype;
};

Plane plane_of(const mx::array& a) {
  return {.data = a.data<std::uint8_t>(),
          .rows = a.shape(0),
          .columns = a.shape(1),
          .row_stride = a.strides(0),
          .column_stride = a.strides(1),
          .item = a.itemsize(),
          .dtype = a.dtype()};
}

/// The same matrix with its rows' elements side by side; copied into `copy` where they are not.
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

ScaleType scale_type(const mx::Dtype& dtype, const PackedFormat& format) {
  if (format.e2m1) return format.group == 16 ? ScaleType::E4M3 : ScaleType::E8M0;
  if (dtype == mx::bfloat16) return ScaleType::BF16;
  return dtype == mx::float16 ? ScaleType::F16 : ScaleType::F32;
}

FloatType float_type(const mx::Dtype& dtype) {
  if (dtype == mx::bfloat16) return FloatType::BF16;
  return dtype == mx::float16 ? FloatType::F16 : FloatType::F32;
}

/// Everything a task needs, by value.
struct Task {
  Plane x;
  Plane codes;
  Plane scales;
  std::optional<Plane> biases;
  PackedFormat format;
  void* y;

  void operator()() const;
};

void Task::operator()() const {
  std::vector<std::uint8_t> copies[4];
  const Plane rows = in_rows(x, copies[0]);
  const Plane words = in_rows(codes, copies[1]);
  const Plane factors = in_rows(scales, copies[2]);
  PackedView w{.codes = words.data,
               .code_stride = words.row_stride * std::int64_t{4},
               .scales = factors.data,
               .biases = nullptr,
               .scale_stride = factors.row_stride,
               .bias_stride = 0,
               .scale_type = scale_type(factors.dtype, format),
               .e2m1 = format.e2m1,
               .bits = format.bits,
               .group = format.group,
               .outputs = static_cast<int>(words.rows),
               .width = static_cast<int>(rows.columns)};
  if (biases) {
    const Plane shifts = in_rows(*biases, copies[3]);
    w.biases = shifts.data;
    w.bias_stride = shifts.row_stride;
  }
  quantised_matmul(
      w, {rows.data, float_type(rows.dtype), rows.row_stride, static_cast<int>(rows.rows)}, y,
      {cpu_path().value(), ThreadPool::of_process(), activation_digits().value()});
}

class PackedProduct : public mx::UnaryPrimitive {
 public:
  PackedProduct(mx::Stream stream, PackedFormat format) : UnaryPrimitive(stream), format_(format) {}

  void eval_cpu(const std::vector<mx::array>& inputs, mx::array& out) override {
    out.set_data(mx::allocator::malloc(out.nbytes()));
    if (out.size() == 0) return;
    auto& encoder = mx::cpu::get_command_encoder(stream());
    for (const mx::array& input : inputs) encoder.set_input_array(input);
    encoder.set_output_array(out);
    std::optional<Plane> biases;
    if (inputs.size() > 3) biases = plane_of(inputs[3]);
    encoder.dispatch(Task{plane_of(inputs[0]), plane_of(inputs[1]), plane_of(inputs[2]), biases,
                          format_, out.data<void>()});
  }

  void eval_gpu(const std::vector<mx::array>&, mx::array&) override {
    throw std::runtime_error("[packed_product] runs on the CPU alone");
  }

  const char* name() const override { return "PackedProduct"; }

  bool is_equivalent(const Primitive& other) const override {
    const auto& format = static_cast<const PackedProduct&>(other).format_;
    return format.bits == format_.bits && format.group == format_.group &&
           format.e2m1 == format_.e2m1;
  }

  std::vector<mx::Shape> output_shapes(const std::vector<mx::array>& inputs) override {
    return {{inputs[0].shape(0), inputs[1].shape(0)}};
  }

 private:
  PackedFormat format_;
};

/// Wrong shapes are our own mistakes: MLX's way of telling is an exception.
void check(const mx::array& x, const PackedArrays& w, const PackedFormat& format) {
  const bool fits = x.ndim() == 2 && w.codes.ndim() == 2 && w.scales.ndim() == 2 &&
                    w.codes.shape(1) * 32 == x.shape(1) * format.bits &&
                    w.scales.shape(1) * format.group == x.shape(1) &&
                    w.scales.shape(0) == w.codes.shape(0) && w.biases.has_value() != format.e2m1;
  const bool typed = w.codes.dtype() == mx::uint32 && mx::issubdtype(x.dtype(), mx::floating) &&
                     (format.e2m1 ? w.scales.dtype() == mx::uint8
                                  : mx::issubdtype(w.scales.dtype(), mx::floating) &&
                                        w.biases->dtype() == w.scales.dtype() &&
                                        w.biases->shape() == w.scales.shape());
  if (!fits || !typed)
    throw std::invalid_argument("[packed_product] activations, codes and scales do not fit");
}

}  // namespace

mx::array packed_product(const mx::array& x, const PackedArrays& w, const PackedFormat& format) {
  check(x, w, format);
  std::vector<mx::array> inputs{x, w.codes, w.scales};
  if (w.biases) inputs.push_back(*w.biases);
  const mx::Stream stream = mx::default_stream(mx::Device::cpu);
  return mx::array({x.shape(0), w.codes.shape(0)}, x.dtype(),
                   std::make_shared<PackedProduct>(stream, format), std::move(inputs));
}

}  // namespace hearth::kernels
