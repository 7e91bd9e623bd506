// Hands packed matrices to the kernels.
#include "nn/panels.h"

#include "kernels/cpu.h"
#include "kernels/panel_product.h"

namespace hearth::nn {

bool kernels_serve() {
  return on_cpu() && kernels::worthwhile();
}

int usual_kv_bits() {
  return kernels_serve() ? 16 : 0;
}

Panels panels_of(const PackedMatrix& w) {
  if (!kernels_serve() || w.packing.mode == PackingMode::Mxfp8) return nullptr;
  return kernels::panels_of({w.codes, w.scales, w.biases}, w.packing.bits, w.packing.group_size);
}

mx::array panel_product(const mx::array& x, const Panels& w) {
  return kernels::panel_products(x, {{.layer = {.weight = w, .outputs = w->outputs()}}}).front();
}

mx::array panel_rows(const Panels& w, const mx::array& ids) {
  return kernels::panel_rows(w, ids);
}

}  // namespace hearth::nn
