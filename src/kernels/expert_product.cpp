// An MLX primitive that sorts rows by expert and multiplies group by group.
#include "kernels/expert_product.h"

#include <cstring>
#include <mlx/allocator.h>
#include <mlx/backend/cpu/encoder.h>
#include <mlx/device.h>
#include <mlx/ops.h>
#include <mlx/primitives.h>
#include <mlx/stream.h>
#include <mlx/utils.h>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kernels/counters.h"
#include "kernels/dense_matmul.h"
#include "kernels/dense_view.h"
#include "kernels/expert_rows.h"
#include "kernels/plane.h"

namespace hearth::kernels {

namespace {

namespace mx = mlx::core;

/// The matrices of all experts as plain memory.
struct Stack {
  Plane first;
  std::int64_t stride;  ///< elements from expert to expert
  int count;

  Plane at(int expert) const {
    Plane plane = first;
    plane.data += expert * stride * static_cast<std::int64_t>(plane.item);
    return plane;
  }
};

Stack stack_of(const mx::array& a) {
  return {.first = plane_of(a), .stride = a.strides(0), .count = a.shape(0)};
}

/// Rows of bytes, `order[i]` of `from` to place i of `to`, or the other way round.
struct RowCopy {
  std::span<const int> order;
  std::size_t bytes;  ///< of a row

  void gather(const std::uint8_t* from, std::int64_t stride, std::uint8_t* to) const {
    for (std::size_t i = 0; i < order.size(); ++i)
      std::memcpy(to + i * bytes, from + order[i] * stride, bytes);
  }
  void scatter(const std::uint8_t* from, std::uint8_t* to) const {
    for (std::size_t i = 0; i < order.size(); ++i)
      std::memcpy(to + static_cast<std::size_t>(order[i]) * bytes, from + i * bytes, bytes);
  }
};

/// Everything a task needs, by value.
struct Task {
  Plane x;
  Stack weights;
  const std::uint32_t* experts;
  std::uint8_t* y;

  void operator()() const;
  void multiply(const RowsByExpert& rows, const Plane& sorted, std::uint8_t* to) const;
};

void Task::operator()() const {
  std::vector<std::uint8_t> copy;
  const Plane rows = in_rows(x, copy);
  const auto by_expert = rows_by_expert({experts, static_cast<std::size_t>(x.rows)}, weights.count);
  if (by_expert.order.empty()) return multiply(by_expert, rows, y);
  const auto item = static_cast<std::int64_t>(x.item);
  const RowCopy inputs{by_expert.order, static_cast<std::size_t>(x.columns * item)};
  const RowCopy outputs{by_expert.order, static_cast<std::size_t>(weights.first.rows * item)};
  std::vector<std::uint8_t> sorted_x(by_expert.order.size() * inputs.bytes);
  std::vector<std::uint8_t> sorted_y(by_expert.order.size() * outputs.bytes);
  inputs.gather(rows.data, rows.row_stride * item, sorted_x.data());
  Plane sorted = rows;
  sorted.data = sorted_x.data();
  sorted.row_stride = x.columns;
  multiply(by_expert, sorted, sorted_y.data());
  outputs.scatter(sorted_y.data(), y);
}

/// All experts' products; rows are in order.
void Task::multiply(const RowsByExpert& rows, const Plane& sorted, std::uint8_t* to) const {
  const auto item = static_cast<std::int64_t>(sorted.item);
  std::vector<std::vector<std::uint8_t>> copies(rows.groups.size());
  std::vector<DenseProduct> products;
  products.reserve(rows.groups.size());
  for (std::size_t i = 0; i < rows.groups.size(); ++i) {
    const ExpertGroup& group = rows.groups[i];
    const DenseView w = dense_view(in_rows(weights.at(group.expert), copies[i]), {});
    products.push_back({w,
                        {sorted.data + group.first * sorted.row_stride * item,
                         float_type(sorted.dtype), sorted.row_stride, group.count},
                        to + std::int64_t{group.first} * w.outputs * item});
  }
  const CpuPath path = cpu_path().value();
  count(Operation::ExpertProduct, path);
  dense_matmul(products, path, ThreadPool::of_process());
}

class ExpertProduct : public mx::UnaryPrimitive {
 public:
  explicit ExpertProduct(mx::Stream stream) : UnaryPrimitive(stream) {}

  void eval_cpu(const std::vector<mx::array>& inputs, mx::array& out) override {
    out.set_data(mx::allocator::malloc(out.nbytes()));
    if (out.size() == 0) return;
    auto& encoder = mx::cpu::get_command_encoder(stream());
    for (const mx::array& input : inputs) encoder.set_input_array(input);
    encoder.set_output_array(out);
    encoder.dispatch(Task{plane_of(inputs[0]), stack_of(inputs[1]), inputs[2].data<std::uint32_t>(),
                          out.data<std::uint8_t>()});
  }

  void eval_gpu(const std::vector<mx::array>&, mx::array&) override {
    throw std::runtime_error("[expert_product] runs on the CPU alone");
  }

  const char* name() const override { return "ExpertProduct"; }

  bool is_equivalent(const Primitive&) const override { return true; }

  std::vector<mx::Shape> output_shapes(const std::vector<mx::array>& inputs) override {
    return {{inputs[0].shape(0), inputs[1].shape(1)}};
  }
};

}  // namespace

mx::array expert_product(const mx::array& x, const mx::array& w, const mx::array& experts) {
  const bool fits = x.ndim() == 2 && w.ndim() == 3 && experts.ndim() == 1 &&
                    x.shape(1) == w.shape(2) && x.shape(0) == experts.shape(0) &&
                    mx::issubdtype(x.dtype(), mx::floating) &&
                    mx::issubdtype(w.dtype(), mx::floating);
  if (!fits)
    throw std::invalid_argument("[expert_product] activations, weights and experts do not fit");
  const mx::Stream stream = mx::default_stream(mx::Device::cpu);
  const mx::array ids = mx::contiguous(mx::astype(experts, mx::uint32, stream), false, stream);
  return mx::array({x.shape(0), w.shape(1)}, x.dtype(), std::make_shared<ExpertProduct>(stream),
                   {x, w, ids});
}

}  // namespace hearth::kernels
