// Chooses between our operation and MLX's.
#include "nn/elementwise.h"

#include "kernels/elementwise.h"
#include "nn/panels.h"

namespace hearth::nn {

mx::array added(const mx::array& x, const mx::array& y) {
  return kernels_serve() && kernels::fits_sum(x, y) ? kernels::sum(x, y) : mx::add(x, y);
}

mx::array scaled(const mx::array& x, float factor) {
  if (factor == 1.0F) return x;
  if (kernels_serve() && x.dtype() == mx::float32) return kernels::scaled(x, factor);
  return mx::multiply(x, mx::array(factor, x.dtype()));
}

mx::array computed(mx::array x) {
  if (kernels_serve() && !x.is_available()) mx::eval(x);
  return x;
}

}  // namespace hearth::nn
