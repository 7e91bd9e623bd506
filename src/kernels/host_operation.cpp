// Chooses between computing at once and MLX's graph.
#include "kernels/host_operation.h"

#include <algorithm>
#include <mlx/allocator.h>
#include <mlx/backend/cpu/encoder.h>
#include <mlx/device.h>
#include <mlx/ops.h>
#include <mlx/stream.h>
#include <stdexcept>
#include <string>
#include <utility>

namespace hearth::kernels {

namespace mx = mlx::core;

HostOperation::HostOperation() : Primitive(mx::default_stream(mx::Device::cpu)) {}

void HostOperation::eval_cpu(const std::vector<mx::array>& inputs,
                             std::vector<mx::array>& outputs) {
  auto todo = task(inputs, outputs);
  auto& encoder = mx::cpu::get_command_encoder(stream());
  for (const mx::array& input : inputs) encoder.set_input_array(input);
  for (mx::array& output : outputs) encoder.set_output_array(output);
  if (todo) encoder.dispatch(std::move(todo));
}

void HostOperation::eval_gpu(const std::vector<mx::array>&, std::vector<mx::array>&) {
  throw std::runtime_error(std::string("[") + name() + "] runs on the CPU alone");
}

std::vector<mx::array> HostOperation::apply(const std::shared_ptr<HostOperation>& operation,
                                            const std::vector<mx::Shape>& shapes,
                                            const std::vector<mx::Dtype>& dtypes,
                                            std::vector<mx::array> inputs) {
  if (!std::ranges::all_of(inputs, &mx::array::is_available))
    return mx::array::make_arrays(shapes, dtypes, operation, inputs);
  std::vector<mx::array> outputs;
  outputs.reserve(shapes.size());
  for (std::size_t i = 0; i < shapes.size(); ++i)
    outputs.emplace_back(shapes[i], dtypes[i], nullptr, std::vector<mx::array>());
  if (const auto todo = operation->task(inputs, outputs)) todo();
  for (const mx::array& output : outputs) output.set_status(mx::array::Status::available);
  return outputs;
}

void give_memory(mx::array& output) {
  output.set_data(mx::allocator::malloc(output.nbytes()));
}

mx::array reshaped(const mx::array& x, mx::Shape shape) {
  if (!x.is_available() || !x.flags().row_contiguous) return mx::reshape(x, std::move(shape));
  mx::array view(std::move(shape), x.dtype(), nullptr, {});
  if (view.size() != x.size()) throw std::invalid_argument("[reshaped] sizes differ");
  const bool line =
      view.size() <= 1 || std::ranges::max(view.shape()) == static_cast<int>(view.size());
  const mx::array::Flags flags{.contiguous = true, .row_contiguous = true, .col_contiguous = line};
  view.copy_shared_buffer(x, mx::Strides(view.strides()), flags, x.data_size());
  view.set_status(mx::array::Status::available);
  return view;
}

mx::array in_order(const mx::array& x) {
  return x.is_available() && x.flags().row_contiguous ? x : mx::contiguous(x);
}

}  // namespace hearth::kernels
