// A depthwise convolution as a few shifted products.
#include "nn/causal_conv.h"

namespace hearth::nn {

namespace {

mx::array read_weight(int channels, int kernel, const Scope& weights) {
  const bool torch = in_torch_layout(weights, "weight", channels, kernel);
  const mx::Shape shape = torch ? mx::Shape{channels, 1, kernel} : mx::Shape{channels, kernel, 1};
  const mx::array flat = mx::reshape(weights.tensor("weight", shape), {channels, kernel});
  return mx::contiguous(mx::transpose(flat));
}

}  // namespace

bool in_torch_layout(const Scope& weights, std::string_view path, int channels, int kernel) {
  return !weights.has_shape(path, {channels, kernel, 1});
}

CausalConv::CausalConv(int channels, int kernel, bool bias, const Scope& weights)
    : channels_(channels), kernel_(kernel), weight_(read_weight(channels, kernel, weights)) {
  if (bias) bias_ = weights.tensor("bias", {channels});
}

mx::array CausalConv::operator()(const mx::array& x, mx::array& past) const {
  const int batch = x.shape(0);
  const int rows = x.shape(1);
  const mx::array all = mx::concatenate({mx::astype(past, x.dtype()), x}, 1);
  mx::array sum = bias_ ? *bias_ : mx::array(0.0F, x.dtype());
  for (int i = 0; i < kernel_; ++i)
    sum = mx::add(sum, mx::multiply(mx::slice(all, {0, i, 0}, {batch, i + rows, channels_}),
                                    mx::take(weight_, i, 0)));
  past = mx::slice(all, {0, rows, 0}, {batch, rows + kernel_ - 1, channels_});
  return sum;
}

}  // namespace hearth::nn
