// The residual stream through one layer.
#include "nn/block.h"

namespace hearth::nn {

namespace {

mx::array through(const std::optional<Norm>& norm, const mx::array& x) {
  return norm ? (*norm)(x) : x;
}

}  // namespace

mx::array Block::operator()(const mx::array& x, const StepContext& step,
                            const LayerCache& cache) const {
  const auto scaled = [this](const mx::array& y) {
    return residual_scale == 1.0F ? y : mx::multiply(y, mx::array(residual_scale, y.dtype()));
  };
  const auto fed = [&](const mx::array& y) {
    return scaled(through(feed_out, (*feed_forward)(y)));
  };
  const mx::array seen = through(mixer_in, x);
  if (!mixer)
    return feed_forward ? mx::add(x, fed(through(feed_in, parallel && !feed_in ? seen : x))) : x;
  const mx::array mixed = scaled(through(mixer_out, (*mixer)(seen, step, cache)));
  if (!feed_forward) return mx::add(x, mixed);
  if (parallel) return mx::add(mx::add(x, mixed), fed(feed_in ? (*feed_in)(x) : seen));
  if (!feed_in) {
    const mx::array stream = mx::add(x, mixed);
    return mx::add(stream, fed(stream));
  }
  const auto [stream, source] = feed_in->of_sum(x, mixed);
  return mx::add(stream, fed(source));
}

}  // namespace hearth::nn
