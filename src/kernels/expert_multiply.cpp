// Plain matrices, panels, and panels with a gate.
#include "kernels/expert_multiply.h"

#include <cstring>
#include <utility>
#include <vector>

#include "kernels/activation_digits.h"
#include "kernels/dense_matmul.h"
#include "kernels/dense_view.h"
#include "kernels/panel_matmul.h"

namespace hearth::kernels {

namespace {

namespace mx = mlx::core;

/// The matrices of all experts as plain memory.
struct Stack {
  Plane first;
  std::int64_t stride;  ///< elements from expert to expert

  Plane at(int expert) const {
    Plane plane = first;
    plane.data += expert * stride * static_cast<std::int64_t>(plane.item);
    return plane;
  }
};

Stack stack_of(const mx::array& a) {
  return {.first = plane_of(a), .stride = a.strides(0)};
}

/// The rows of x that belong to a group.
Rows rows_of(const ExpertGroup& group, const Plane& x) {
  const std::int64_t first = group.first * x.row_stride * static_cast<std::int64_t>(x.item);
  return {x.data + first, float_type(x.dtype), x.row_stride, group.count};
}

/// Where the results of a group begin.
std::uint8_t* place_of_results(const ExpertGroup& group, std::int64_t outputs, std::size_t item,
                               std::uint8_t* y) {
  return y + group.first * outputs * static_cast<std::int64_t>(item);
}

/// Matrices of plain numbers, or of mxfp8.
struct MultiplyDense {
  Stack weights;
  std::optional<Stack> scales;

  void operator()(std::span<const ExpertGroup> groups, const Plane& x, std::uint8_t* y) const {
    std::vector<std::vector<std::uint8_t>> copies(2 * groups.size());
    std::vector<DenseProduct> products;
    products.reserve(groups.size());
    for (std::size_t i = 0; i < groups.size(); ++i) {
      const int expert = groups[i].expert;
      std::optional<Plane> factors;
      if (scales) factors = in_rows(scales->at(expert), copies[2 * i + 1]);
      const DenseView w = dense_view(in_rows(weights.at(expert), copies[2 * i]), factors);
      products.push_back(
          {w, rows_of(groups[i], x), place_of_results(groups[i], w.outputs, x.item, y)});
    }
    dense_matmul(products, cpu_path().value(), ThreadPool::of_process());
  }
};

/// Packed matrices, and those that their outputs are gated for.
struct MultiplyPanels {
  std::shared_ptr<const ExpertPanels> weights;
  std::shared_ptr<const ExpertPanels> up;  // or null
  Gate gate = Gate::Silu;

  void operator()(std::span<const ExpertGroup> groups, const Plane& x, std::uint8_t* y) const {
    std::vector<PanelGroup> products;
    products.reserve(groups.size());
    for (const ExpertGroup& group : groups) {
      const auto expert = static_cast<std::size_t>(group.expert);
      const PanelMatrix& w = *(*weights)[expert];
      PanelTask task{
          .layer = {w.view()}, .gate = gate, .y = place_of_results(group, w.outputs(), x.item, y)};
      if (up) task.up = PanelLinear{(*up)[expert]->view()};
      products.push_back({task, rows_of(group, x)});
    }
    panel_matmul_groups(
        products, {cpu_path().value(), ThreadPool::of_process(), activation_digits().value()});
  }
};

}  // namespace

Multiply multiply_plain(const mx::array& weights, const std::optional<mx::array>& scales) {
  MultiplyDense dense{stack_of(weights), {}};
  if (scales) dense.scales = stack_of(*scales);
  return dense;
}

Multiply multiply_panels(std::shared_ptr<const ExpertPanels> weights) {
  return MultiplyPanels{std::move(weights), nullptr};
}

Multiply multiply_gated(std::shared_ptr<const ExpertPanels> weights,
                        std::shared_ptr<const ExpertPanels> up, Gate gate) {
  return MultiplyPanels{std::move(weights), std::move(up), gate};
}

void RowCopy::gather(const std::uint8_t* from, std::int64_t stride, std::uint8_t* to) const {
  for (std::size_t i = 0; i < order.size(); ++i)
    std::memcpy(to + i * bytes, from + order[i] * stride, bytes);
}

void RowCopy::scatter(const std::uint8_t* from, std::uint8_t* to) const {
  for (std::size_t i = 0; i < order.size(); ++i)
    std::memcpy(to + static_cast<std::size_t>(order[i]) * bytes, from + i * bytes, bytes);
}

}  // namespace hearth::kernels
