// An MLX primitive around the product with plain weights.
#include "kernels/dense_product.h"

#include <mlx/utils.h>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kernels/counters.h"
#include "kernels/dense_matmul.h"
#include "kernels/dense_view.h"
#include "kernels/host_operation.h"
#include "kernels/plane.h"

namespace hearth::kernels {

namespace {

namespace mx = mlx::core;

/// Everything a task needs, by value.
struct Task {
  Plane x;
  Plane weights;
  std::optional<Plane> scales;
  void* y;

  void operator()() const;
};

void Task::operator()() const {
  std::vector<std::uint8_t> copies[3];
  const Plane rows = in_rows(x, copies[0]);
  const Plane w = in_rows(weights, copies[1]);
  std::optional<Plane> factors;
  if (scales) factors = in_rows(*scales, copies[2]);
  const DenseProduct product{
      dense_view(w, factors),
      {rows.data, float_type(rows.dtype), rows.row_stride, static_cast<int>(rows.rows)},
      y};
  const CpuPath path = vector_path(cpu_path().value());
  count(Operation::DenseProduct, path);
  dense_matmul({&product, 1}, path, ThreadPool::of_process());
}

class DenseProductOperation : public HostOperation {
 public:
  const char* name() const override { return "DenseProduct"; }

  bool is_equivalent(const Primitive&) const override { return true; }

  std::vector<mx::Shape> output_shapes(const std::vector<mx::array>& inputs) override {
    return {{inputs[0].shape(0), inputs[1].shape(0)}};
  }

 private:
  std::function<void()> task(const std::vector<mx::array>& inputs,
                             std::vector<mx::array>& outputs) const override {
    give_memory(outputs[0]);
    if (outputs[0].size() == 0) return {};
    std::optional<Plane> scales;
    if (inputs.size() > 2) scales = plane_of(inputs[2]);
    return Task{plane_of(inputs[0]), plane_of(inputs[1]), scales, outputs[0].data<void>()};
  }
};

mx::array product(std::vector<mx::array> inputs) {
  const mx::Shape shape{inputs[0].shape(0), inputs[1].shape(0)};
  const mx::Dtype dtype = inputs[0].dtype();
  return HostOperation::apply(std::make_shared<DenseProductOperation>(), {shape}, {dtype},
                              std::move(inputs))
      .front();
}

bool are_rows(const mx::array& x) {
  return x.ndim() == 2 && mx::issubdtype(x.dtype(), mx::floating);
}

}  // namespace

// Wrong shapes are our own mistakes: MLX's way of telling is an exception.

mx::array dense_product(const mx::array& x, const mx::array& w) {
  if (!are_rows(x) || !are_rows(w) || x.shape(1) != w.shape(1))
    throw std::invalid_argument("[dense_product] activations and weights do not fit");
  return product({x, w});
}

mx::array mxfp8_product(const mx::array& x, const mx::array& codes, const mx::array& scales) {
  const bool fits =
      are_rows(x) && codes.ndim() == 2 && scales.ndim() == 2 && codes.shape(1) * 4 == x.shape(1) &&
      scales.shape(1) * kMxfp8Group == x.shape(1) && scales.shape(0) == codes.shape(0) &&
      codes.dtype() == mx::uint32 && scales.dtype() == mx::uint8;
  if (!fits)
    throw std::invalid_argument("[mxfp8_product] activations, codes and scales do not fit");
  return product({x, codes, scales});
}

}  // namespace hearth::kernels
