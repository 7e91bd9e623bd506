// Chooses between one operation for several layers and one for each.
#include "nn/joint_products.h"

#include <algorithm>
#include <optional>

#include "kernels/elementwise.h"
#include "kernels/panel_product.h"
#include "nn/panels.h"

namespace hearth::nn {

namespace {

int group_of(const kernels::PanelLayer& layer) {
  return layer.weight->view().layout.group;
}

/// Layers that lie in panels, share a group and are not adapted in this step.
bool together(const std::vector<const Linear*>& layers) {
  return std::ranges::all_of(layers, [&](const Linear* layer) {
    return layer->panels() && layers.front()->panels() && !layer->adapted() &&
           group_of(*layer->panels()) == group_of(*layers.front()->panels());
  });
}

/// The gates that the kernels know, by the functions that they stand for.
std::optional<kernels::Gate> gate_of(const Activation& activation) {
  using Function = mx::array (*)(const mx::array&);
  const auto* function = activation.target<Function>();
  if (function == nullptr) return {};
  if (*function == static_cast<Function>(silu)) return kernels::Gate::Silu;
  if (*function == static_cast<Function>(gelu_tanh)) return kernels::Gate::GeluTanh;
  if (*function == static_cast<Function>(relu)) return kernels::Gate::Relu;
  return {};
}

mx::array gate_with(const Activation& activation, const mx::array& gate, const mx::array& up) {
  const auto known = gate_of(activation);
  if (known && kernels_serve() && gate.dtype() == mx::float32 && up.dtype() == mx::float32)
    return kernels::gated(gate, up, *known);
  return mx::multiply(activation(gate), up);
}

}  // namespace

std::vector<mx::array> products(const mx::array& x, const std::vector<const Linear*>& layers) {
  if (!together(layers)) {
    std::vector<mx::array> answers;
    answers.reserve(layers.size());
    for (const Linear* layer : layers) answers.push_back((*layer)(x));
    return answers;
  }
  std::vector<kernels::PanelOutput> outputs;
  outputs.reserve(layers.size());
  for (const Linear* layer : layers) outputs.push_back({.layer = *layer->panels()});
  return kernels::panel_products(x, std::move(outputs));
}

mx::array gated_product(const mx::array& x, const Linear& gate, const Linear& up,
                        const Activation& activation) {
  const auto known = gate_of(activation);
  if (!known || !together({&gate, &up})) {
    const auto both = products(x, {&gate, &up});
    return gate_with(activation, both[0], both[1]);
  }
  return kernels::panel_products(x, {{.layer = *gate.panels(), .up = *up.panels(), .gate = *known}})
      .front();
}

mx::array gated_product(const mx::array& x, const Linear& both, const Activation& activation) {
  const auto known = gate_of(activation);
  const int half = both.panels() ? both.panels()->outputs / 2 : 0;
  if (known && together({&both}) && half % kernels::kPanelRows == 0) {
    kernels::PanelOutput output{.layer = *both.panels(), .up = *both.panels(), .gate = *known};
    output.layer.outputs = half;
    output.up->first = half;
    output.up->outputs = half;
    return kernels::panel_products(x, {output}).front();
  }
  const auto halves = mx::split(both(x), 2, 1);
  return gate_with(activation, halves[0], halves[1]);
}

}  // namespace hearth::nn
