// Linear layers, and what our kernels need of them.
#include "nn/layers.h"

#include "kernels/panel_product.h"
#include "nn/elementwise.h"

namespace hearth::nn {

namespace {

/// The layer as the kernels take it; nullptr where its matrix does not lie in panels.
std::shared_ptr<const kernels::PanelLayer> panel_layer(const Matrix& weight,
                                                       const std::optional<mx::array>& bias) {
  if (weight.panels() == nullptr) return nullptr;
  kernels::PanelLayer layer{.weight = *weight.panels()};
  layer.outputs = layer.weight->outputs();
  if (bias) {
    mx::array numbers = mx::contiguous(mx::astype(*bias, mx::float32));
    mx::eval(numbers);
    const auto* first = numbers.data<float>();
    layer.bias = std::make_shared<const std::vector<float>>(first, first + numbers.size());
  }
  return std::make_shared<const kernels::PanelLayer>(std::move(layer));
}

}  // namespace

Linear::Linear(Matrix weight, std::optional<mx::array> bias,
               std::shared_ptr<const LowRankSlots> adapters)
    : weight_(std::move(weight)),
      bias_(std::move(bias)),
      adapters_(std::move(adapters)),
      panels_(panel_layer(weight_, bias_)) {}

mx::array Linear::operator()(const mx::array& x) const {
  const mx::array y = plain(x);
  return adapters_ ? adapters_->added_to(y, x) : y;
}

/// Without adapters.
mx::array Linear::plain(const mx::array& x) const {
  if (panels_) return kernels::panel_products(x, {{.layer = *panels_}}).front();
  const mx::array y = weight_.times(x);
  return bias_ ? added(y, *bias_) : y;
}

}  // namespace hearth::nn
