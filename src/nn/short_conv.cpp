// Gates around a short convolution.
#include "nn/short_conv.h"

#include <vector>

namespace hearth::nn {

ShortConv::ShortConv(const ShortConvSpec& spec, const Scope& weights)
    : in_(weights.linear("in_proj", {spec.width, 3 * spec.width, spec.bias})),
      conv_(spec.width, spec.kernel, spec.bias, weights.scope("conv")),
      out_(weights.linear("out_proj", {spec.width, spec.width, spec.bias})) {}

mx::array ShortConv::operator()(const mx::array& x, const StepContext&,
                                const LayerCache& cache) const {
  const auto parts = mx::split(in_(x), 3, 1);
  const std::vector inputs{mx::multiply(parts[0], parts[2])};
  const mx::array seen =
      cache.states->run(inputs, [this](std::span<const mx::array> rows, std::span<mx::array> past) {
        return conv_(rows[0], past[0]);
      });
  return out_(mx::multiply(parts[1], seen));
}

}  // namespace hearth::nn
