// MLX primitives around the kernels' products.
#include "kernels/panel_product.h"

#include <algorithm>
#include <mlx/ops.h>
#include <mlx/transforms.h>
#include <mlx/utils.h>
#include <stdexcept>
#include <utility>

#include "kernels/activation_digits.h"
#include "kernels/host_operation.h"
#include "kernels/plane.h"

namespace hearth::kernels {

namespace {

namespace mx = mlx::core;

ScaleType scale_type(const mx::Dtype& dtype, bool e2m1, int group) {
  if (e2m1) return group == 16 ? ScaleType::E4M3 : ScaleType::E8M0;
  if (dtype == mx::bfloat16) return ScaleType::BF16;
  return dtype == mx::float16 ? ScaleType::F16 : ScaleType::F32;
}

PanelLinear linear_of(const PanelLayer& layer) {
  PanelView view = layer.weight->view();
  view.data = view.panel(layer.first / kPanelRows);
  view.outputs = layer.outputs;
  return {view, layer.bias ? layer.bias->data() + layer.first : nullptr};
}

/// What runs when the graph does. The weights live as long as the primitive, and the primitive is
/// kept by the arrays that it makes until they are computed.
struct ProductTask {
  Plane x;
  std::shared_ptr<const std::vector<PanelOutput>> outputs;
  std::vector<void*> y;

  void operator()() const {
    std::vector<PanelTask> tasks;
    tasks.reserve(outputs->size());
    for (std::size_t i = 0; i < outputs->size(); ++i) {
      const PanelOutput& output = (*outputs)[i];
      PanelTask task{.layer = linear_of(output.layer), .gate = output.gate, .y = y[i]};
      if (output.up) task.up = linear_of(*output.up);
      tasks.push_back(task);
    }
    std::vector<std::uint8_t> copy;
    const Plane rows = in_rows(x, copy);
    panel_matmul(tasks,
                 {rows.data, float_type(rows.dtype), rows.row_stride, static_cast<int>(rows.rows)},
                 {cpu_path().value(), ThreadPool::of_process(), activation_digits().value()});
  }
};

class PanelProducts : public HostOperation {
 public:
  explicit PanelProducts(std::vector<PanelOutput> outputs)
      : outputs_(std::make_shared<const std::vector<PanelOutput>>(std::move(outputs))) {}

  const char* name() const override { return "PanelProducts"; }

  bool is_equivalent(const Primitive& other) const override {
    return outputs_ == static_cast<const PanelProducts&>(other).outputs_;
  }

 private:
  std::function<void()> task(const std::vector<mx::array>& inputs,
                             std::vector<mx::array>& outputs) const override {
    std::vector<void*> y;
    for (mx::array& output : outputs) {
      give_memory(output);
      y.push_back(output.data<void>());
    }
    if (inputs[0].shape(0) == 0) return {};
    return ProductTask{plane_of(inputs[0]), outputs_, std::move(y)};
  }

  std::shared_ptr<const std::vector<PanelOutput>> outputs_;
};

struct RowsTask {
  const std::int32_t* ids;
  std::int64_t count;
  std::shared_ptr<const PanelMatrix> w;
  float* y;

  void operator()() const {
    const auto width = static_cast<std::int64_t>(w->width());
    for (std::int64_t i = 0; i < count; ++i) {
      const bool known = ids[i] >= 0 && ids[i] < w->outputs();
      if (known)
        panel_row(w->view(), ids[i], y + i * width);
      else
        std::fill_n(y + i * width, width, 0.0F);
    }
  }
};

class PanelRows : public HostOperation {
 public:
  explicit PanelRows(std::shared_ptr<const PanelMatrix> w) : w_(std::move(w)) {}

  const char* name() const override { return "PanelRows"; }

  bool is_equivalent(const Primitive& other) const override {
    return w_ == static_cast<const PanelRows&>(other).w_;
  }

 private:
  std::function<void()> task(const std::vector<mx::array>& inputs,
                             std::vector<mx::array>& outputs) const override {
    give_memory(outputs[0]);
    return RowsTask{inputs[0].data<std::int32_t>(), inputs[0].shape(0), w_,
                    outputs[0].data<float>()};
  }

  std::shared_ptr<const PanelMatrix> w_;
};

bool fits(const PanelLayer& layer, int width) {
  return layer.weight && layer.weight->width() == width && layer.first % kPanelRows == 0 &&
         layer.first + layer.outputs <= layer.weight->outputs();
}

/// Wrong shapes are our own mistakes: MLX's way of telling is an exception.
void check(const mx::array& x, const std::vector<PanelOutput>& outputs) {
  bool good = x.ndim() == 2 && mx::issubdtype(x.dtype(), mx::floating) && !outputs.empty();
  for (const PanelOutput& output : outputs) {
    good = good && fits(output.layer, x.shape(1));
    if (output.up)
      good = good && fits(*output.up, x.shape(1)) && output.up->outputs == output.layer.outputs;
  }
  const auto group = [](const PanelLayer& layer) { return layer.weight->view().layout.group; };
  for (const PanelOutput& output : outputs) {
    if (!good) break;
    good = group(output.layer) == group(outputs.front().layer) &&
           (!output.up || group(*output.up) == group(output.layer));
  }
  if (!good) throw std::invalid_argument("[panel_products] activations and matrices do not fit");
}

/// Whether a conversion to `dtype` and back changes no number.
bool survives(const mx::array& numbers, mx::Dtype dtype) {
  const mx::array back = mx::astype(mx::astype(numbers, dtype), numbers.dtype());
  return mx::all(mx::equal(numbers, back)).item<bool>();
}

/// The same numbers in 16 bits where they fit: scales are a tenth of what a product reads.
PackedArrays narrowed(const PackedArrays& w) {
  if (!w.biases || w.scales.dtype() != mx::float32) return w;
  for (const mx::Dtype dtype : {mx::bfloat16, mx::float16})
    if (survives(w.scales, dtype) && survives(*w.biases, dtype))
      return {w.codes, mx::astype(w.scales, dtype), mx::astype(*w.biases, dtype)};
  return w;
}

}  // namespace

std::shared_ptr<const PanelMatrix> panels_of(const PackedArrays& stored, int bits, int group) {
  const PackedArrays w = narrowed(stored);
  const PackedFormat format{bits, group, scale_type(w.scales.dtype(), !w.biases, group)};
  const int width = w.scales.shape(1) * group;
  const bool typed = w.codes.ndim() == 2 && w.codes.dtype() == mx::uint32 &&
                     (!w.biases || w.biases->dtype() == w.scales.dtype());
  if (!typed || !fits_panels(format, width)) return nullptr;
  const mx::array codes = mx::contiguous(w.codes);
  const mx::array scales = mx::contiguous(w.scales);
  const mx::array biases = mx::contiguous(w.biases.value_or(w.scales));
  mx::eval(codes, scales, biases);
  return PanelMatrix::pack({.codes = codes.data<std::uint8_t>(),
                            .code_stride = std::int64_t{codes.shape(1)} * 4,
                            .scales = scales.data<void>(),
                            .biases = w.biases ? biases.data<void>() : nullptr,
                            .scale_stride = scales.shape(1),
                            .bias_stride = scales.shape(1),
                            .format = format,
                            .outputs = codes.shape(0),
                            .width = width});
}

std::vector<mx::array> panel_products(const mx::array& x, std::vector<PanelOutput> outputs) {
  check(x, outputs);
  std::vector<mx::Shape> shapes;
  shapes.reserve(outputs.size());
  for (const PanelOutput& output : outputs) shapes.push_back({x.shape(0), output.layer.outputs});
  const std::vector<mx::Dtype> dtypes(outputs.size(), x.dtype());
  return HostOperation::apply(std::make_shared<PanelProducts>(std::move(outputs)), shapes, dtypes,
                              {x});
}

mx::array panel_rows(std::shared_ptr<const PanelMatrix> w, const mx::array& ids) {
  const int width = w->width();
  return HostOperation::apply(std::make_shared<PanelRows>(std::move(w)), {{ids.shape(0), width}},
                              {mx::float32}, {in_order(mx::astype(ids, mx::int32))})
      .front();
}

}  // namespace hearth::kernels
