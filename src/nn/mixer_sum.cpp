// Mixers side by side.
#include "nn/mixer_sum.h"

#include <cassert>
#include <optional>

#include "nn/elementwise.h"

namespace hearth::nn {

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
  std::optional<mx::array> sum;
  for (const Part& part : parts_) {
    const mx::array y = scaled((*part.mixer)(scaled(x, part.in), step, cache), part.out);
    sum = sum ? added(*sum, y) : y;
  }
  return sum.value_or(x);
}

}  // namespace hearth::nn
