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
  mx::array stream = x;
  const mx::array seen = through(mixer_in, x);
  if (mixer) stream = mx::add(stream, scaled(through(mixer_out, (*mixer)(seen, step, cache))));
  if (!feed_forward) return stream;
  const mx::array& source = parallel ? (feed_in ? x : seen) : stream;
  const mx::array answer = (*feed_forward)(through(feed_in, source));
  return mx::add(stream, scaled(through(feed_out, answer)));
}

}  // namespace hearth::nn
