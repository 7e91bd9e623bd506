// An MLX primitive that sorts rows by expert and multiplies group by group.
#include "kernels/expert_product.h"

#include <mlx/ops.h>
#include <mlx/utils.h>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "kernels/counters.h"
#include "kernels/dense_path.h"
#include "kernels/expert_multiply.h"
#include "kernels/host_operation.h"

namespace hearth::kernels {

namespace {

namespace mx = mlx::core;

/// Everything a task needs, by value.
struct Task {
  Plane x;
  std::span<const std::uint32_t> experts;
  int count;             ///< E
  std::int64_t outputs;  ///< N
  std::uint8_t* y;
  Multiply multiply;

  void operator()() const;
};

void Task::operator()() const {
  kernels::count(Operation::ExpertProduct, cpu_path().value());
  std::vector<std::uint8_t> copy;
  const Plane rows = in_rows(x, copy);
  const auto by_expert = rows_by_expert(experts, count);
  if (by_expert.order.empty()) return multiply(by_expert.groups, rows, y);
  const auto item = static_cast<std::int64_t>(x.item);
  const RowCopy inputs{by_expert.order, static_cast<std::size_t>(x.columns * item)};
  const RowCopy results{by_expert.order, static_cast<std::size_t>(outputs * item)};
  std::vector<std::uint8_t> sorted_x(by_expert.order.size() * inputs.bytes);
  std::vector<std::uint8_t> sorted_y(by_expert.order.size() * results.bytes);
  inputs.gather(rows.data, rows.row_stride * item, sorted_x.data());
  Plane sorted = rows;
  sorted.data = sorted_x.data();
  sorted.row_stride = x.columns;
  multiply(by_expert.groups, sorted, sorted_y.data());
  results.scatter(sorted_y.data(), y);
}

class ExpertProduct : public HostOperation {
 public:
  explicit ExpertProduct(std::shared_ptr<const ExpertPanels> panels) : panels_(std::move(panels)) {}

  const char* name() const override { return "ExpertProduct"; }

  bool is_equivalent(const Primitive& other) const override {
    return panels_ == static_cast<const ExpertProduct&>(other).panels_;
  }

 private:
  /// Inputs: x, experts, and where there are no panels weights and, of mxfp8, scales.
  std::function<void()> task(const std::vector<mx::array>& inputs,
                             std::vector<mx::array>& outputs) const override {
    mx::array& out = outputs[0];
    give_memory(out);
    if (out.size() == 0) return {};
    Task task{.x = plane_of(inputs[0]),
              .experts = {inputs[1].data<std::uint32_t>(), inputs[1].size()},
              .count = panels_ ? static_cast<int>(panels_->size()) : inputs[2].shape(0),
              .outputs = out.shape(1),
              .y = out.data<std::uint8_t>(),
              .multiply = {}};
    if (panels_)
      task.multiply = multiply_panels(panels_);
    else
      task.multiply =
          multiply_plain(inputs[2], inputs.size() > 3 ? std::optional(inputs[3]) : std::nullopt);
    return task;
  }

  std::shared_ptr<const ExpertPanels> panels_;
};

/// Wrong shapes are our own mistakes: MLX's way of telling is an exception.
void check(bool fits) {
  if (!fits)
    throw std::invalid_argument("[expert_product] activations, weights and experts do not fit");
}

bool are_rows(const mx::array& x, const mx::array& experts) {
  return x.ndim() == 2 && experts.ndim() == 1 && x.shape(0) == experts.shape(0) &&
         mx::issubdtype(x.dtype(), mx::floating);
}

mx::array product(const mx::array& x, const mx::array& experts, std::vector<mx::array> weights,
                  std::shared_ptr<const ExpertPanels> panels) {
  const int outputs = panels ? panels->front()->outputs() : weights[0].shape(1);
  const mx::Stream stream = mx::default_stream(mx::Device::cpu);
  std::vector<mx::array> inputs{x, in_order(mx::astype(experts, mx::uint32, stream))};
  inputs.insert(inputs.end(), weights.begin(), weights.end());
  return HostOperation::apply(std::make_shared<ExpertProduct>(std::move(panels)),
                              {{x.shape(0), outputs}}, {x.dtype()}, std::move(inputs))
      .front();
}

}  // namespace

mx::array expert_product(const mx::array& x, const mx::array& w, const mx::array& experts) {
  check(are_rows(x, experts) && w.ndim() == 3 && x.shape(1) == w.shape(2) &&
        mx::issubdtype(w.dtype(), mx::floating));
  return product(x, experts, {w}, {});
}

mx::array mxfp8_expert_product(const mx::array& x, const mx::array& codes, const mx::array& scales,
                               const mx::array& experts) {
  check(are_rows(x, experts) && codes.ndim() == 3 && scales.ndim() == 3 &&
        codes.shape(2) * 4 == x.shape(1) && scales.shape(2) * kMxfp8Group == x.shape(1) &&
        codes.shape(0) == scales.shape(0) && codes.shape(1) == scales.shape(1) &&
        codes.dtype() == mx::uint32 && scales.dtype() == mx::uint8);
  return product(x, experts, {codes, scales}, {});
}

mx::array expert_product(const mx::array& x, std::shared_ptr<const ExpertPanels> w,
                         const mx::array& experts) {
  check(are_rows(x, experts) && w && !w->empty() && w->front()->width() == x.shape(1));
  return product(x, experts, {}, std::move(w));
}

}  // namespace hearth::kernels
