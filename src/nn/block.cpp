// The residual stream through one layer.
#include "nn/block.h"

#include "nn/elementwise.h"

namespace hearth::nn {

namespace {

mx::array through(const std::optional<Norm>& norm, const mx::array& x) {
  return norm ? (*norm)(x) : x;
}

}  // namespace

mx::array Block::operator()(const mx::array& x, const StepContext& step,
                            const LayerCache& cache) const {
  const auto fed = [&](const mx::array& y) {
    return scaled(through(feed_out, (*feed_forward)(y)), residual_scale);
  };
  const mx::array seen = through(mixer_in, x);
  if (!mixer)
    return feed_forward ? added(x, fed(through(feed_in, parallel && !feed_in ? seen : x))) : x;
  const mx::array mixed = scaled(through(mixer_out, (*mixer)(seen, step, cache)), residual_scale);
  if (!feed_forward) return added(x, mixed);
  if (parallel) return added(added(x, mixed), fed(feed_in ? (*feed_in)(x) : seen));
  if (!feed_in) {
    const mx::array stream = added(x, mixed);
    return added(stream, fed(stream));
  }
  const auto [stream, source] = feed_in->of_sum(x, mixed);
  return added(stream, fed(source));
}

}  // namespace hearth::nn
