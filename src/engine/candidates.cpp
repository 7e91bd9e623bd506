// One pass over a row for each way to pick.
#include "engine/candidates.h"

#include <cmath>

namespace hearth::engine {

void collect_above(std::span<const float> logits, double floor,
                   std::vector<Candidate>& candidates) {
  for (std::size_t id = 0; id < logits.size(); ++id)
    if (logits[id] >= floor && std::isfinite(logits[id]))
      candidates.push_back({logits[id], static_cast<TokenId>(id)});
}

// A heap whose top is the least likely of those kept.
void collect_best(std::span<const float> logits, double floor, std::size_t count,
                  std::vector<Candidate>& candidates) {
  for (std::size_t id = 0; id < logits.size(); ++id) {
    if (!(logits[id] >= floor) || !std::isfinite(logits[id])) continue;
    if (candidates.size() == count) {
      if (logits[id] <= candidates.front().logit) continue;
      std::ranges::pop_heap(candidates, more_likely);
      candidates.pop_back();
    }
    candidates.push_back({logits[id], static_cast<TokenId>(id)});
    std::ranges::push_heap(candidates, more_likely);
    if (candidates.size() == count) floor = std::max<double>(floor, candidates.front().logit);
  }
}

}  // namespace hearth::engine
