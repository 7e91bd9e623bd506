// Mixers side by side.
#include "nn/mixer_sum.h"

#include <cassert>

namespace hearth::nn {

namespace {

mx::array scaled(const mx::array& x, float factor) {
  return factor == 1.0F ? x : mx::multiply(x, mx::array(factor, x.dtype()));
}

}  // namespace

CacheShape MixerSum::cache() const {
  CacheShape all;
  for (const Part& part : parts_) {
    const CacheShape one = part.mixer->cache();
    assert(!(all.kv && one.kv) && "one of them attends");
    assert((all.states.empty() || one.states.empty()) && "one of them keeps states");
    if (one.kv) all.kv = one.kv;
    if (!one.states.empty()) all.states = one.states;
  }
  return all;
}

mx::array MixerSum::operator()(const mx::array& x, const StepContext& step,
                               const LayerCache& cache) const {
  mx::array sum = mx::zeros_like(x);
  for (const Part& part : parts_)
    sum = mx::add(sum, scaled((*part.mixer)(scaled(x, part.in), step, cache), part.out));
  return sum;
}

}  // namespace hearth::nn
